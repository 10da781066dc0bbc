import { errnoOf } from '../lib/error.ts'
import type { CommandContext } from './commands/command.ts'
import { describeError, exitCodeOf } from './commands/exit.ts'
import { type CommandEntry, commands } from './commands/table.ts'
import { StageError } from './error.ts'
import { progressOn } from './process/progress.ts'

/** Runs one command line and gives its exit code: 0 good, 1 failed, 2 usage or recipe, 3 environment, 130 interrupted. */
export async function main(argv: readonly string[], context: CommandContext): Promise<number> {
  const [name = 'help', ...rest] = argv
  if (name === 'help' || name === '--help' || name === '-h') return help(context)
  try {
    const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!entry) throw unknownCommand(name)
    if (rest.includes('--help') || rest.includes('-h')) return await usage(entry, context)
    return await (await entry.load()).run(rest, context)
  } catch (error) {
    if (context.signal.aborted) return interrupted(context)
    context.progress.end()
    context.stderr(describeError(error))
    return exitCodeOf(error)
  }
}

function interrupted({ stderr, progress }: CommandContext): number {
  progress.end()
  stderr('ingot: interrupted; the store is sound and the next run goes on from here\n')
  return 130
}

function help({ stdout }: CommandContext): number {
  const lines = Object.values(commands).map((command) => `  ingot ${command.usage}\n      ${command.summary}`)
  stdout(
    `Image factory for LLM inference servers.\n\n${lines.join('\n')}\n\nExit codes: 0 good; 1 a stage or check failed; 2 recipe or usage wrong; 3 engine, GPU, disk space or token missing.\n`,
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

if (import.meta.main) {
  const abort = new AbortController()
  // Not `once`: signal-exit in the SDK's dependencies kills the process when it sees no listener but its own.
  const stop = () => (abort.signal.aborted ? process.exit(130) : abort.abort())
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  // A closed pipe is not an error: `head` closes it when it has its lines.
  process.stdout.on('error', (error) => {
    if (errnoOf(error) !== 'EPIPE') throw error
    process.exit()
  })
  process.exitCode = await main(process.argv.slice(2), {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    environment: process.env,
    progress: progressOn(process.stderr, process.env),
    signal: abort.signal,
  })
}
