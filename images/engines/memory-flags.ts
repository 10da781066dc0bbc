import type { MemoryRequest } from '../memory/request.ts'
import type { UncountedFlag } from '../memory/uncounted.ts'
import type { FlagStyle } from './reserved.ts'
import { namesFlag } from './reserved-flags.ts'

/** Members of a request that are one number, and those that are one word. */
type NumberKey = {
  [K in keyof MemoryRequest]-?: MemoryRequest[K] extends number | undefined ? K : never
}[keyof MemoryRequest]
type TextKey = {
  [K in keyof MemoryRequest]-?: MemoryRequest[K] extends string | undefined ? K : never
}[keyof MemoryRequest]

/**
 * What a flag does to memory. `number` and `text`: its value is a member of the planner's request, `unitBytes` times where
 * it counts in larger units. `is`: the flag alone says it. `values`: what each of its values says. `uncounted`: the planner
 * does not know its size, only in which direction it goes.
 */
export type MemoryEffect =
  | {
      type: 'number'
      member: NumberKey
      unitBytes?: number
      /** Words that stand in place of a number. */
      words?: Readonly<Record<string, Partial<MemoryRequest>>>
    }
  | { type: 'text'; member: TextKey }
  | { type: 'is'; request: Partial<MemoryRequest> }
  | { type: 'values'; values: Readonly<Record<string, Partial<MemoryRequest>>> }
  | { type: 'uncounted'; effect: UncountedFlag['effect']; what: string }
  /** A value that is a text of its own; what it cannot say goes one way, or takes more. */
  | {
      type: 'read'
      read(value: string): Partial<MemoryRequest> | undefined
      what: string
      effect?: UncountedFlag['effect']
    }

/** A flag that changes what lies in the memory of a GPU, with the variables that say the same. */
export interface MemoryFlag {
  names: readonly string[]
  variables?: readonly string[]
  means: MemoryEffect
}

/** What a command line says of memory: members for the planner, what it cannot count, and the words that were read. */
export interface AskedMemory {
  request: Partial<MemoryRequest>
  uncounted: UncountedFlag[]
  /** Flags and variables that were read into `request`, as they stand in the recipe. */
  read: string[]
}

interface GivenSettings {
  extraArguments: readonly string[]
  environment: Readonly<Record<string, string>>
}

/** Reads a recipe's own arguments and variables. Of one that stands twice the later wins, and arguments win over variables. */
export function askedMemory(
  flags: readonly MemoryFlag[],
  style: FlagStyle,
  { extraArguments, environment }: GivenSettings,
): AskedMemory {
  const asked: AskedMemory = { request: {}, uncounted: [], read: [] }
  for (const [name, value] of Object.entries(environment)) {
    const flag = flags.find(({ variables = [] }) => variables.includes(name))
    if (flag !== undefined) take(asked, flag, { word: name, value, alone: !isOff(value) })
  }
  for (const [index, item] of extraArguments.entries()) {
    const flag = flagOf(item, flags, style)
    if (flag !== undefined) take(asked, flag, { ...spokenOf(item, extraArguments[index + 1]), alone: true })
  }
  return asked
}

/** The whole word first: an argument may be the beginning of another's name. */
function flagOf(item: string, flags: readonly MemoryFlag[], style: FlagStyle): MemoryFlag | undefined {
  const [word = ''] = style === 'argparse' ? item.split(/[=.]/) : item.split('=')
  const exact = flags.find(({ names }) => names.some((name) => namesFlag(word, name, 'exact')))
  return exact ?? flags.find(({ names }) => names.some((name) => namesFlag(word, name, style)))
}

interface WrittenFlag {
  word: string
  value: string
  /** Whether a flag without a value is switched on. */
  alone: boolean
}

function spokenOf(item: string, next: string | undefined): Omit<WrittenFlag, 'alone'> {
  const at = item.indexOf('=')
  return at < 0 ? { word: item, value: next ?? '' } : { word: item.slice(0, at), value: item.slice(at + 1) }
}

function isOff(value: string): boolean {
  return /^(0|false|off|no|disabled)?$/i.test(value.trim())
}

function take(asked: AskedMemory, { means }: MemoryFlag, spoken: WrittenFlag): void {
  if (means.type === 'uncounted') {
    if (spoken.alone) asked.uncounted.push({ flag: spoken.word, effect: means.effect, what: means.what })
    return
  }
  const said = saidBy(means, spoken)
  if (said === undefined && means.type === 'read') {
    asked.uncounted.push({ flag: spoken.word, effect: means.effect ?? 'more', what: means.what })
    return
  }
  if (said === undefined) {
    asked.uncounted.push({ flag: spoken.word, effect: 'either', what: `its value "${shown(spoken.value)}"` })
    return
  }
  if (Object.keys(said).length === 0) return
  Object.assign(asked.request, said)
  asked.read.push(means.type === 'is' ? spoken.word : `${spoken.word} ${shown(spoken.value)}`)
}

/** Undefined for a value that the planner cannot read; empty for one that changes nothing. */
function saidBy(
  means: Exclude<MemoryEffect, { type: 'uncounted' }>,
  { value, alone }: WrittenFlag,
): Partial<MemoryRequest> | undefined {
  switch (means.type) {
    case 'read':
      return means.read(value)
    case 'is':
      return alone ? means.request : {}
    case 'text':
      return /^[\w.-]+$/.test(value) ? { [means.member]: value } : undefined
    case 'values':
      return Object.hasOwn(means.values, value) ? means.values[value] : undefined
    case 'number': {
      if (means.words !== undefined && Object.hasOwn(means.words, value)) return means.words[value]
      const number = Number(value) * (means.unitBytes ?? 1)
      return value.trim() === '' || !Number.isFinite(number) || number < 0
        ? undefined
        : { [means.member]: means.unitBytes === undefined ? number : Math.round(number) }
    }
  }
}

function shown(value: string): string {
  return value.length > 40 ? `${value.slice(0, 40)}…` : value
}

const GiB = 1024 ** 3

export function setsNumber(
  member: NumberKey,
  names: readonly string[],
  variables: readonly string[] = [],
): MemoryFlag {
  return { names, variables, means: { type: 'number', member } }
}

export function setsGiB(member: NumberKey, names: readonly string[]): MemoryFlag {
  return { names, means: { type: 'number', member, unitBytes: GiB } }
}

export function setsText(member: TextKey, names: readonly string[]): MemoryFlag {
  return { names, means: { type: 'text', member } }
}

export function says(
  request: Partial<MemoryRequest>,
  names: readonly string[],
  variables: readonly string[] = [],
): MemoryFlag {
  return { names, variables, means: { type: 'is', request } }
}

/** Flags whose bytes nobody here counts: `less` frees memory of the GPU, `more` takes it, `either` may do both. */
export function uncounted(
  effect: UncountedFlag['effect'],
  what: string,
  names: readonly string[],
  variables: readonly string[] = [],
): MemoryFlag {
  return { names, variables, means: { type: 'uncounted', effect, what } }
}
