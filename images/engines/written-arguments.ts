import { parsePythonJson } from '../../lib/python-json.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { FlagStyle } from './reserved.ts'

type WrittenProblem = { message: string; hint: string }

/** What of items tells that they were copied from a shell, a page or a file of another form; no server reads them so. */
export function writtenProblem(
  items: readonly string[],
  index: number,
  style: FlagStyle,
): WrittenProblem | undefined {
  const [item = '', before] = [items[index], items[index - 1]]
  if (/^[\u2010-\u2015\u2212]/.test(item))
    return { message: 'the item begins with a dash that is no hyphen', hint: 'write it with hyphens: --FLAG' }
  if (/^["'\u2018\u201c]-{1,2}[A-Za-z]/.test(item))
    return {
      message: 'the quotes are a part of the item',
      hint: 'write the flag without them: no shell takes them off',
    }
  const value = textOf(item)
  if (isShellWord(value))
    return { message: 'no shell replaces what begins with $', hint: 'write the value itself' }
  if (isBrokenJson(value, before ?? item))
    return {
      message: 'the value begins as JSON does and is none',
      hint: 'write names and texts in double quotes: {"name": "value"}',
    }
  if (isStray(item, before))
    return {
      message: 'the item belongs to no flag, and the model is named by ingot itself',
      hint: 'write the flag before it, or leave it out',
    }
  return style === 'argparse' && isSwitched(item, before)
    ? { message: `${before} takes no value`, hint: `leave the item out, or leave out ${before} as well` }
    : undefined
}

/** Whether a whole value is a variable or a command of a shell. */
export function isShellWord(text: string): boolean {
  return /^\$(\w+|\{\w+(:?[-=?+][^}]*)?\}|\(.*\))$/s.test(text)
}

/** Behind the `=` of a flag, or the item itself. */
function textOf(item: string): string {
  const [, value] = /^--?[A-Za-z][\w.-]*=(.*)$/s.exec(item) ?? []
  return value ?? item
}

/** Braces of Jinja are no JSON. */
function isBrokenJson(value: string, flag: string): boolean {
  if (!/^\{(?![%{#])/.test(value) || !value.includes(':') || flag.includes('template')) return false
  try {
    parsePythonJson(value)
    return false
  } catch {
    return true
  }
}

function isStray(item: string, before: string | undefined): boolean {
  return !item.startsWith('-') && (before === undefined || /^--?[A-Za-z][\w.-]*=/s.test(before))
}

/** argparse gives these no argument: they are switches by their names. */
function isSwitched(item: string, before = ''): boolean {
  return /^(true|false)$/i.test(item) && /^--(enable|disable|no|trust)[-_][\w-]+$/.test(before)
}

/** The value of a flag in a recipe's own arguments, in either spelling; empty for a switch, undefined where it is not there. */
export function valueOfFlag({ recipe: { serving } }: { recipe: Recipe }, name: string): string | undefined {
  const items = serving.extraArguments.map((item) =>
    item.replace(/^--[^=]*/, (flag) => flag.replaceAll('_', '-')),
  )
  const joined = items.find((item) => item.startsWith(`${name}=`))
  if (joined !== undefined) return joined.slice(name.length + 1)
  const at = items.indexOf(name)
  return at < 0 ? undefined : (items[at + 1] ?? '')
}
