import type { ImagePlan } from '../../images/plan/plan.ts'
import { findProgram, runProgram } from '../process/program.ts'
import type { VerifyOptions } from '../verify/run.ts'

/**
 * What starts an image where nobody says: Docker or Podman for one that needs a GPU, since Dagger hands none to a server, and
 * Dagger for all others, as it built them.
 */
export async function usualRunner(
  { requires }: Pick<ImagePlan, 'requires'>,
  environment: NodeJS.ProcessEnv,
): Promise<VerifyOptions['runner']> {
  if (requires === undefined) return 'dagger'
  return (await works('docker', environment)) || !(await works('podman', environment)) ? 'docker' : 'podman'
}

/** A client alone runs nothing: its service is asked. */
async function works(tool: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  if ((await findProgram(tool, environment['PATH'] ?? '')) === null) return false
  return (await runProgram(tool, ['info'], { environment })).exitCode === 0
}
