import type { CommandContext } from './command-line/command.ts'
import { interruptedCode, interruptedText, runAsProcess } from './command-line/command-process.ts'
import { exitCodeOf } from './command-line/exit.ts'
import { tellFailure } from './command-line/failure.ts'
import { type CommandEntry, commands } from './commands/table.ts'
import { StageError } from './error.ts'
import { onWait } from './network/waiting.ts'
import { withPulse } from './process/pulse.ts'

/** Runs one command line and gives its exit code: 0 good, 1 failed, 2 usage or recipe, 3 environment, 130 interrupted. */
export async function main(argv: readonly string[], context: CommandContext): Promise<number> {
  const [name = 'help', ...rest] = argv
  if (name === 'help' || name === '--help' || name === '-h') return help(context)
  if (name === '--version' || name === '-v') return main(['version', ...rest], context)
  const { progress, stop } = withPulse(context.progress, [name, ...rest].join(' ').slice(0, 80))
  const ignoreWaits = onWait((text) => progress.step(text))
  try {
    const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!entry) throw unknownCommand(name)
    if (rest.includes('--help') || rest.includes('-h')) return await usage(entry, context)
    return await (await entry.load()).run(rest, { ...context, progress })
  } catch (error) {
    if (context.signal.aborted) return interrupted(context)
    context.progress.end()
    context.stderr(tellFailure(error, context.environment))
    return exitCodeOf(error)
  } finally {
    ignoreWaits()
    stop()
  }
}

function interrupted({ stderr, progress }: CommandContext): number {
  progress.end()
  stderr(interruptedText)
  return interruptedCode
}

function help({ stdout }: CommandContext): number {
  const lines = Object.values(commands).map((command) => `  ingot ${command.usage}\n      ${command.summary}`)
  stdout(
    `Image factory for LLM inference servers.\n\n${lines.join('\n')}\n\nExit codes: 0 good; 1 a stage or check failed; 2 recipe or usage wrong; 3 engine, GPU, disk space or token missing; 130 interrupted.\n`,
  )
  return 0
}

async function usage(
  { usage: line, summary, load }: CommandEntry,
  { stdout }: CommandContext,
): Promise<number> {
  const { options } = await load()
  const width = Math.max(...Object.keys(options).map((option) => option.length))
  const lines = Object.entries(options).map(([option, text]) => {
    const beside = wrapped(text, helpColumns - width - 6)
    return `  --${option.padEnd(width)}  ${beside.join(`\n${' '.repeat(width + 6)}`)}`
  })
  stdout(`usage: ingot ${line}\n\n${summary}\n${lines.length === 0 ? '' : `\n${lines.join('\n')}\n`}`)
  return 0
}

const helpColumns = 100

/** Lines of at most `columns` characters, broken between words. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

function unknownCommand(name: string): StageError {
  return new StageError('usage', {
    attempted: `run \`ingot ${name}\``,
    found: 'there is no such command',
    hint: `commands are: ${Object.keys(commands).join(', ')}; see \`ingot help\``,
  })
}

if (import.meta.main) await runAsProcess(main)
