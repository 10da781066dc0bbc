import type { ImagePlan } from '../../images/plan/plan.ts'
import { findProgram } from '../process/program.ts'
import { toolAnswers } from '../process/tool-answers.ts'
import type { ProgramSettings } from '../settings/settings.ts'
import type { VerifyOptions } from '../verify/run.ts'

/**
 * What starts an image where nobody says: Docker or Podman for one that needs a GPU, since Dagger hands none to a server, and
 * Dagger for all others, as it built them.
 */
export async function usualRunner(
  { requires }: Pick<ImagePlan, 'requires'>,
  programs: ProgramSettings,
): Promise<VerifyOptions['runner']> {
  if (requires === undefined) return 'dagger'
  return (await works('docker', programs)) || !(await works('podman', programs)) ? 'docker' : 'podman'
}

async function works(tool: string, programs: ProgramSettings): Promise<boolean> {
  return (await findProgram(tool, programs.path)) !== null && (await toolAnswers(tool, programs))
}
