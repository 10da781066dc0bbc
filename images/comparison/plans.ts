import { formatGiB } from '../../lib/bytes.ts'
import { estimateCauses } from '../attribution/estimate.ts'
import type { MemoryPlan } from '../memory/result.ts'
import type { ImagePlan } from '../plan/plan.ts'

/** Bytes of one cause as they are downloaded, before anything is removed. */
export interface CauseChange {
  cause: string
  beforeBytes: number
  afterBytes: number
}

/** One property of two plans, in words. */
export interface WordChange {
  what: string
  before: string
  after: string
}

export interface PlanComparison {
  causes: CauseChange[]
  memory: WordChange[]
  /** Arguments and variables of the server; empty texts where one has none. */
  settings: WordChange[]
  /** What only the second plan warns of. */
  doubts: string[]
}

/** What one plan makes otherwise than another. */
export function comparePlans(before: ImagePlan, after: ImagePlan): PlanComparison {
  const known = new Set(before.doubts ?? [])
  return {
    causes: causeChanges(before, after),
    memory: memoryChanges(before.memory, after.memory),
    settings: [
      ...wordChanges('argument', argumentsOf(before), argumentsOf(after)),
      ...wordChanges('variable', variablesOf(before), variablesOf(after)),
    ],
    doubts: (after.doubts ?? []).filter((doubt) => !known.has(doubt)),
  }
}

function causeChanges(before: ImagePlan, after: ImagePlan): CauseChange[] {
  const [one, other] = [before, after].map(
    (plan) => new Map(estimateCauses(plan).map(({ cause, sizeBytes }) => [cause, sizeBytes])),
  )
  const names = [...new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])])]
  return names
    .map((cause) => ({
      cause,
      beforeBytes: one?.get(cause) ?? 0,
      afterBytes: other?.get(cause) ?? 0,
    }))
    .filter(({ beforeBytes, afterBytes }) => beforeBytes !== afterBytes)
}

/** Arguments by their flags: a flag and what follows it is one entry. */
function argumentsOf({ config }: ImagePlan): Map<string, string> {
  const found = new Map<string, string>()
  let flag = ''
  for (const word of [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])]) {
    const isFlag = /^--?[a-z]/i.test(word)
    if (isFlag) [flag = ''] = word.split('=')
    const value = isFlag ? word.slice(flag.length + 1) : word
    found.set(flag, [found.get(flag), value].filter(Boolean).join(' '))
  }
  return found
}

function variablesOf({ config }: ImagePlan): Map<string, string> {
  const pairs = (config.Env ?? []).map((line) => {
    const [name = '', ...value] = line.split('=')
    return [name, value.join('=')] as const
  })
  return new Map(pairs)
}

function wordChanges(
  kind: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): WordChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])]
  const words = (map: ReadonlyMap<string, string>, name: string) =>
    map.has(name) ? map.get(name) || 'set' : 'gone'
  return names.flatMap((name) => {
    const [one, other] = [words(before, name), words(after, name)]
    return one === other ? [] : [{ what: `${kind} ${name || 'program'}`, before: one, after: other }]
  })
}

function memoryChanges(before: MemoryPlan | null, after: MemoryPlan | null): WordChange[] {
  const [one, other] = [figuresOf(before), figuresOf(after)]
  const names = [...new Set([...one.keys(), ...other.keys()])]
  return names
    .map((what) => ({ what, before: one.get(what) ?? 'not known', after: other.get(what) ?? 'not known' }))
    .filter((change) => change.before !== change.after)
}

function figuresOf(memory: MemoryPlan | null): Map<string, string> {
  if (memory === null || memory.outcome !== 'planned') return new Map()
  const overhead = Object.values(memory.overheadBytes).reduce((sum, bytes) => sum + bytes, 0)
  return new Map(
    Object.entries({
      verdict: memory.verdict,
      weights: formatGiB(memory.weightsBytes),
      'beside weights and cache': formatGiB(overhead),
      'KV cache': formatGiB(memory.kvPoolBytes),
      'tokens in the cache': String(memory.kvTokens),
      'sequences of full length': memory.maxConcurrency.toFixed(1),
      'longest that fits': String(memory.maxModelLenThatFits),
    }),
  )
}
