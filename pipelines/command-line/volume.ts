/** How much a command says beside its result. */
export type Volume = 'quiet' | 'usual' | 'verbose'

const flags: Readonly<Record<string, Volume>> = { '--quiet': 'quiet', '--verbose': 'verbose' }

/** Takes the two flags that every command has out of a command line; the last one counts. What follows `--` is not looked at. */
export function readVolume(line: readonly string[]): { argv: string[]; volume: Volume } {
  const end = line.indexOf('--')
  const own = end < 0 ? line : line.slice(0, end)
  const isFlag = (word: string) => Object.hasOwn(flags, word)
  const last = own.findLast(isFlag)
  return {
    argv: [...own.filter((word) => !isFlag(word)), ...line.slice(own.length)],
    volume: (last !== undefined && flags[last]) || 'usual',
  }
}
