import { parseGpuChoice } from '../boot/container-flags.ts'
import { usageError } from '../command-line/arguments.ts'
import type { Values } from '../command-line/option-table.ts'
import type { VerifyOptions } from '../verify/run.ts'
import type { verifyTable } from './tables/verify.ts'

type RunnerValues = Pick<Values<typeof verifyTable>, 'runner' | 'gpus'>

/** The runner and its GPUs, as every command that boots takes them. */
export function readRunnerOptions(command: string, { runner, gpus: text }: RunnerValues): VerifyOptions {
  const gpus = text === undefined ? null : parseGpuChoice(text)
  if (text !== undefined && gpus === null)
    throw usageError(command, `--gpus ${text} is neither all, nor a number, nor indexes such as 0,1`)
  if (runner === 'dagger' && gpus !== null)
    throw usageError(command, '--gpus and --memory need --runner docker or podman')
  return { runner, gpus, memoryBytes: null, profile: null, standsIn: false }
}
