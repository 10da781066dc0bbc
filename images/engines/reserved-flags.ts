import type { Device } from './device.ts'
import type { FlagStyle, ReservedFlag, ReservedSettings } from './reserved.ts'
import { writtenProblem } from './written-arguments.ts'

/** One item of `serving.extraArguments` that cannot stand there. */
export interface ArgumentProblem {
  index: number
  message: string
  hint: string
}

/** Items that set what the recipe's keys set, and items that hold a flag together with its value. */
export function argumentProblems(
  items: readonly string[],
  { style, flags }: ReservedSettings,
  device: Device,
): ArgumentProblem[] {
  if (flags === null)
    return items.length === 0
      ? []
      : [
          {
            index: 0,
            message: 'this server takes no arguments',
            hint: 'its settings are variables: use serving.environment',
          },
        ]
  const own = flags.filter((flag) => flag.device === undefined || flag.device === device)
  return items.flatMap((item, index) => {
    const split = splitOf(item)
    if (split !== undefined) return [{ index, ...split }]
    const isMeant = (name: string) => namesFlag(item, name, style)
    const flag = own.find(
      ({ names, values }) => names.some(isMeant) && (values?.includes(valueAt(items, index)) ?? true),
    )
    if (flag !== undefined) return [{ index, ...setByIngot(flag, isMeant) }]
    const other = joinedIn(item, style) ?? writtenProblem(items, index, style)
    return other === undefined ? [] : [{ index, ...other }]
  })
}

/** What a flag is given, behind its `=` or as the next item. */
function valueAt(items: readonly string[], index: number): string {
  const item = items[index] ?? ''
  const at = item.indexOf('=')
  return (at < 0 ? (items[index + 1] ?? '') : item.slice(at + 1)).trim().toLowerCase()
}

/** No shell splits the items: the server would look for a flag with a space in its name. */
function splitOf(item: string): { message: string; hint: string } | undefined {
  if (!/^\s*--?[A-Za-z][\w.-]*\s/.test(item) && !/^\s+-/.test(item)) return undefined
  const [flag = '', ...rest] = item.trim().split(/\s+/)
  return {
    message: 'one item holds a flag and its value, or spaces around a flag',
    hint:
      rest.length === 0
        ? `write "${flag}"`
        : `write two items: "${flag}" and its value${/^[\w./:-]{1,40}$/.test(rest.join(' ')) ? ` "${rest.join(' ')}"` : ''}`,
  }
}

function setByIngot(
  { names, instead, effect }: ReservedFlag,
  isMeant: (name: string) => boolean,
): Omit<ArgumentProblem, 'index'> {
  return { message: `${names.find(isMeant)} ${effect ?? 'is set by ingot itself'}`, hint: instead }
}

/** Servers that compare whole words look for a flag with `=` in its name. */
function joinedIn(item: string, style: FlagStyle): Omit<ArgumentProblem, 'index'> | undefined {
  const [, flag, value] = /^(--?[A-Za-z][\w-]*)=(.*)$/s.exec(item) ?? []
  if (style !== 'exact' || flag === undefined) return undefined
  return {
    message: 'this server reads no `=` between a flag and its value',
    hint: `write two items: "${flag}" and its value${/^[\w./:-]{1,40}$/.test(value ?? '') ? ` "${value}"` : ''}`,
  }
}

/** Whether an item is this flag, in any spelling that the server takes. Underscores and dashes are one. */
export function namesFlag(item: string, name: string, style: FlagStyle): boolean {
  const [word = ''] = item.split('=')
  if (spelt(word) === spelt(name)) return true
  if (style === 'exact') return false
  const isLetter = /^-[A-Za-z]$/.test(name)
  if (isLetter && item.startsWith(name)) return true
  // Also `--ho` and `-t`: with one flag of that beginning argparse takes it, with several it ends.
  return style === 'argparse' && /^--?[A-Za-z]/.test(word) && spelt(name).startsWith(spelt(word))
}

function spelt(word: string): string {
  return word.startsWith('--') ? word.replaceAll('_', '-') : word
}
