import { type GatePart, gatePart, notRun, skipped } from './result.ts'

/** A flag as it stands in a command line, without its value; a negative number is none. */
const flagPattern = /^--?[A-Za-z][\w.-]*/

/** The flags that the server itself gets: what stands before its own, such as `python -m`, is in both command lines. */
export function flagsOf(command: readonly string[], help: readonly string[]): string[] {
  const own = command.findIndex((item, index) => item !== help[index])
  const flags = command.slice(own < 0 ? command.length : own).flatMap((item) => flagPattern.exec(item) ?? [])
  return [...new Set(flags)]
}

/** Definitions stand further left: words of help are wrapped at column 24 by argparse, and further right by the others. */
const leftmostWords = 20

/**
 * The flags that a page of help defines: those of lines that begin with one, up to the words behind them. What the words of another
 * flag mention may be gone from the program.
 */
export function flagsInHelp(text: string): Set<string> {
  const lines = text.split('\n').filter((line) => /^\s*-/.test(line) && line.search(/\S/) < leftmostWords)
  const heads = lines.map((line) => line.trim().split(/\s{2,}(?![\s-])/)[0] ?? '')
  return new Set(heads.flatMap((head) => head.match(/(?<![\w-])--?[A-Za-z][\w.-]*/g) ?? []))
}

/** What a built server said when it was asked for its help; null where it has none. */
export interface PrintedHelp {
  text: string
  exitCode: number
}

/** Whether the built server knows every flag that its command line has. Underscores are dashes to parsers of Python. */
export function judgeFlags(flags: readonly string[], help: PrintedHelp | null): GatePart {
  if (help === null) return skipped('flags', 'the server takes no flags')
  const known = new Set([...flagsInHelp(help.text)].map(dashed))
  if (known.size === 0) return notRun('flags', `it prints no help here: ${lastWords(help)}`)
  const unknown = flags.filter((flag) => !known.has(dashed(flag)))
  return gatePart('flags', {
    good: unknown.length === 0,
    found: `${flags.length - unknown.length} flags of the command line are known to the server, which has ${known.size}; ${unknown.length} are not`,
    details: unknown.map((flag) => `unknown: ${flag}`),
  })
}

function dashed(flag: string): string {
  return flag.replaceAll('_', '-')
}

function lastWords({ text, exitCode }: PrintedHelp): string {
  const line = text.trimEnd().split('\n').at(-1)?.trim() ?? ''
  return `${line === '' ? 'nothing was said' : line.slice(0, 200)} (exit code ${exitCode})`
}
