import { nearestName } from '../../lib/suggest.ts'
import { usageError } from './arguments.ts'
import type { CommandTable } from './option-table.ts'

/** What every command takes besides. */
const everywhere = ['help', 'quiet', 'verbose']

/**
 * Throws `usage` for an option that a command has not, with the one that was meant where one is near. It stands apart from the reader
 * of arguments, which a container without packages runs.
 */
export function requireOptions(argv: readonly string[], { name, options }: CommandTable): void {
  const known = [
    ...Object.entries(options).flatMap(([option, { aliases = [] }]) => [option, ...aliases]),
    ...everywhere,
  ]
  const end = argv.indexOf('--')
  for (const word of end === -1 ? argv : argv.slice(0, end)) {
    const [, option] = /^--([^=]+)/.exec(word) ?? []
    if (option === undefined || known.includes(option)) continue
    const near = nearestName(option, known)
    throw usageError(
      name,
      `there is no option --${option}${near === undefined ? '' : `; did you mean --${near}?`}`,
    )
  }
}
