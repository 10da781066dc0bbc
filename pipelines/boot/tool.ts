import { StageError } from '../error.ts'
import { findProgram, runProgram } from '../process/program.ts'
import type { ProgramSettings } from '../settings/settings.ts'

export type ContainerTool = 'docker' | 'podman'

/** A container tool with the environment it is run in. */
export interface Tool extends Pick<ProgramSettings, 'environment' | 'path'> {
  name: ContainerTool
}

/** Runs the container tool and gives what it printed; throws `no-runner` with its words when it fails. */
export async function toolOutput(tool: Tool, args: readonly string[]): Promise<string> {
  const said = await runProgram(tool.name, args, tool)
  if (said.exitCode === 0) return said.stdout
  throw new StageError('no-runner', {
    attempted: `run \`${tool.name} ${args.slice(0, 2).join(' ')}\``,
    found: said.all.trim().split('\n').slice(-5).join('\n  ') || `exit code ${said.exitCode}`,
    hint: `check that \`${tool.name} info\` works here, or take --runner dagger`,
  })
}

/** Throws `no-runner` where the tool is not installed. */
export async function requireTool({ name, path }: Tool): Promise<void> {
  if ((await findProgram(name, path)) !== null) return
  throw new StageError('no-runner', {
    attempted: `boot with ${name}`,
    found: `${name} is not installed`,
    hint: `install ${name}, or take --runner dagger`,
  })
}
