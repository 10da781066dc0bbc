import { buildCommand } from './commands/build.ts'
import { bundleCommand } from './commands/bundle.ts'
import { checkCommand } from './commands/check.ts'
import type { Command, CommandContext } from './commands/command.ts'
import { doctorCommand } from './commands/doctor.ts'
import { gateCommand } from './commands/gate.ts'
import { gpuCodeCommand } from './commands/gpu-code.ts'
import { listCommand } from './commands/list.ts'
import { lockCommand } from './commands/lock.ts'
import { memoryCommand } from './commands/memory.ts'
import { planCommand } from './commands/plan.ts'
import { pruneCommand } from './commands/prune.ts'
import { publishCommand } from './commands/publish.ts'
import { runFilesCommand } from './commands/run-files.ts'
import { sbomCommand } from './commands/sbom.ts'
import { scanCommand } from './commands/scan.ts'
import { sizeCommand } from './commands/size.ts'
import { verifyCommand } from './commands/verify.ts'
import { StageError } from './error.ts'
import { describeError, exitCodeOf } from './exit.ts'
import { progressOn } from './progress.ts'

const commands: Record<string, Command> = {
  list: listCommand,
  check: checkCommand,
  lock: lockCommand,
  plan: planCommand,
  build: buildCommand,
  verify: verifyCommand,
  gate: gateCommand,
  publish: publishCommand,
  'run-files': runFilesCommand,
  bundle: bundleCommand,
  memory: memoryCommand,
  size: sizeCommand,
  sbom: sbomCommand,
  scan: scanCommand,
  prune: pruneCommand,
  'gpu-code': gpuCodeCommand,
  doctor: doctorCommand,
}

/** Runs one command line and gives its exit code: 0 good, 1 failed, 2 usage or recipe, 3 environment, 130 interrupted. */
export async function main(argv: readonly string[], context: CommandContext): Promise<number> {
  const [name = 'help', ...rest] = argv
  if (name === 'help' || name === '--help' || name === '-h') return help(context)
  const command = commands[name]
  if (command && (rest.includes('--help') || rest.includes('-h'))) return usage(name, command, context)
  try {
    if (!command) throw unknownCommand(name)
    return await command.run(rest, context)
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

function usage(name: string, command: Command, { stdout }: CommandContext): number {
  const options = Object.entries(command.options).map(([option, text]) => `  --${option.padEnd(12)} ${text}`)
  stdout(
    `usage: ingot ${command.usage}\n\n${command.summary}\n${options.length === 0 ? '' : `\n${options.join('\n')}\n`}`,
  )
  return name === '' ? 1 : 0
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
  process.exitCode = await main(process.argv.slice(2), {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    environment: process.env,
    progress: progressOn(process.stderr, process.env),
    signal: abort.signal,
  })
}
