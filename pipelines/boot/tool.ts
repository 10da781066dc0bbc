import { $, which } from 'zx'
import { StageError } from '../error.ts'

export type ContainerTool = 'docker' | 'podman'

/** A container tool with the environment it is run in. */
export interface Tool {
  name: ContainerTool
  environment: NodeJS.ProcessEnv
}

/** What a finished command said. */
export interface Said {
  exitCode: number
  stdout: string
  /** Both streams in the order they came. */
  all: string
}

/** Runs a program to its end, whatever its exit code. */
export async function run(
  environment: NodeJS.ProcessEnv,
  program: string,
  args: readonly string[],
): Promise<Said> {
  const output = await $({
    env: environment,
    quiet: true,
    nothrow: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })`${[program, ...args]}`
  return { exitCode: output.exitCode ?? 1, stdout: output.stdout.trim(), all: output.stdall }
}

/** Runs the container tool and gives what it printed; throws `no-runner` with its words when it fails. */
export async function tell(tool: Tool, args: readonly string[]): Promise<string> {
  const said = await run(tool.environment, tool.name, args)
  if (said.exitCode === 0) return said.stdout
  throw new StageError('no-runner', {
    attempted: `run \`${tool.name} ${args.slice(0, 2).join(' ')}\``,
    found: said.all.trim().split('\n').slice(-5).join('\n  ') || `exit code ${said.exitCode}`,
    hint: `check that \`${tool.name} info\` works here, or verify with --runner dagger`,
  })
}

/** Throws `no-runner` where the tool is not installed. */
export async function requireTool({ name, environment }: Tool): Promise<void> {
  if ((await which(name, { nothrow: true, path: environment['PATH'] ?? '' })) !== null) return
  throw new StageError('no-runner', {
    attempted: `boot with ${name}`,
    found: `${name} is not installed`,
    hint: `install ${name}, or verify with --runner dagger`,
  })
}
