import type { RunnerFacts } from '../../images/boot/runner-facts.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import { unmetRequirements } from '../../images/plan/requirements.ts'
import type { Runner } from '../boot/runner.ts'
import { StageError } from '../error.ts'

type DevicePlan = Pick<ImagePlan, 'name' | 'requires' | 'verify'>

/** Throws `unfit-machine` when driver or GPU cannot run the image. */
export function requireMachine(plan: DevicePlan, machine: RunnerFacts, { gpus }: Runner): void {
  const { requires } = plan
  if (requires === undefined || isOnSoftware(plan, { gpus })) return
  const unmet = unmetRequirements(requires, machine, gpus)
  if (unmet.length === 0) return
  throw new StageError('unfit-machine', {
    attempted: `boot ${plan.name} here`,
    found: unmet.map(({ found }) => found).join('; '),
    hint: [...new Set(unmet.map(({ hint }) => hint))].join('; '),
  })
}

/** A driver in the image that needs no GPU is used where none is given, so that the whole way is tried. */
export function isOnSoftware(
  { requires, verify }: Omit<DevicePlan, 'name'>,
  { gpus }: Pick<Runner, 'gpus'>,
): boolean {
  return requires?.api === 'vulkan' && gpus === 0 && verify.behaviour.gpu?.software !== undefined
}

/** What makes the server take that driver; nothing where it gets a GPU or has no such driver. */
export function softwareVariables(
  plan: DevicePlan,
  { runner, onStep }: { runner: Runner; onStep(text: string): void },
): Record<string, string> {
  if (!isOnSoftware(plan, runner)) return {}
  onStep('no GPU is given: the boots compute on the software device of the image')
  return { ...plan.verify.behaviour.gpu?.software?.variables }
}
