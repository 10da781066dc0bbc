import { nearestName } from '../lib/suggest.ts'
import type { ProcessContext } from './command-line/command.ts'
import { interruptedCode, interruptedText, runAsProcess } from './command-line/command-process.ts'
import { exitCodeOf } from './command-line/exit.ts'
import { tellFailure } from './command-line/failure.ts'
import { requireOptions } from './command-line/near-option.ts'
import type { CommandTable } from './command-line/option-table.ts'
import { helpOf, overview } from './command-line/usage.ts'
import { readVolume } from './command-line/volume.ts'
import { commands } from './commands/table.ts'
import { tables } from './commands/tables/all.ts'
import { StageError } from './error.ts'
import { onWait } from './network/waiting.ts'
import { silentProgress } from './process/progress.ts'
import { withPulse } from './process/pulse.ts'
import { displayOf } from './settings/display.ts'
import type { Settings } from './settings/settings.ts'

/** Runs one command line and gives its exit code: 0 good, 1 failed, 2 usage or recipe, 3 environment, 130 interrupted. */
export async function main(line: readonly string[], outer: ProcessContext): Promise<number> {
  const { argv, volume } = readVolume(line)
  const context = volume === 'quiet' ? { ...outer, progress: silentProgress } : outer
  const [name = 'help', ...rest] = argv
  if (name === '--version' || name === '-v') return main(['version', ...rest], context)
  const { progress, stop } = withPulse(context.progress, [name, ...rest].join(' ').slice(0, 80))
  const ignoreWaits = onWait((text) => progress.step(text))
  try {
    if (isHelp(name) || name === 'help') return help(context, rest[0])
    const table = tableOf(name)
    const { environment: _, ...process } = context
    if (rest.some(isHelp)) return help(context, name)
    requireOptions(rest, table)
    const settings = await settingsFor(table, context)
    const display = { ...settings.display, isVerbose: volume === 'verbose' }
    const command = await commands[table.name]()
    return await command.run(rest, { ...process, progress, settings: { ...settings, display } })
  } catch (error) {
    if (context.signal.aborted) return interrupted(context)
    context.progress.end()
    context.stderr(tellFailure(error, displayOf(context.environment)))
    return exitCodeOf(error)
  } finally {
    ignoreWaits()
    stop()
  }
}

/** Only a command that is run needs the reader of the environment, and with it zod. */
async function settingsFor(table: CommandTable, { environment }: ProcessContext): Promise<Settings> {
  const { readSettings } = await import('./settings/settings.ts')
  return readSettings(table.ignoresEnvironment ? {} : environment)
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h'
}

function interrupted({ stderr, progress }: ProcessContext): number {
  progress.end()
  stderr(interruptedText)
  return interruptedCode
}

function help({ stdout }: ProcessContext, name: string | undefined): number {
  stdout(name === undefined || isHelp(name) ? overview(tables) : helpOf(tableOf(name)))
  return 0
}

function tableOf(name: string): (typeof tables)[number] {
  const table = tables.find((known) => known.name === name)
  if (table === undefined) throw unknownCommand(name)
  return table
}

function unknownCommand(name: string): StageError {
  const names = tables.map((table) => table.name)
  const near = nearestName(name, names)
  return new StageError('usage', {
    attempted: `run \`ingot ${name}\``,
    found: 'there is no such command',
    hint:
      near === undefined
        ? `commands are: ${names.join(', ')}; see \`ingot help\``
        : `did you mean \`ingot ${near}\`? \`ingot help\` lists all commands`,
  })
}

if (import.meta.main) await runAsProcess(main)
