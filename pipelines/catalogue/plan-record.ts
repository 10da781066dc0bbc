import { z } from 'zod'
import { buildVersion, type ImagePlan, planDigestOf } from '../../images/plan/plan.ts'
import type { Digest } from '../../lib/digest.ts'
import { engineIds } from '../../recipes/engine-ids.ts'
import { type RecordKind, recall, remember } from '../store/record.ts'
import type { Store } from '../store/store.ts'

/** What every reader of a plan relies on. The digest under which a plan lies holds for the rest, to the byte. */
const planSchema = z.looseObject({
  buildVersion: z.literal(buildVersion),
  name: z.string(),
  platform: z.string(),
  engine: z.object({ id: z.enum(engineIds), version: z.string() }),
  weights: z.looseObject({ delivery: z.string(), modelFolder: z.string(), layers: z.array(z.unknown()) }),
  verify: z.looseObject({ profiles: z.array(z.string()), behaviour: z.looseObject({}) }),
})

/** Plans by their digest: an image carries it as a label, so that its plan is found without its recipe. */
const planKind: RecordKind<ImagePlan> = {
  name: 'plan',
  schema: z.custom<ImagePlan>((value) => planSchema.safeParse(value).success),
}

export async function keepPlan(store: Store, plan: ImagePlan): Promise<void> {
  await remember(store, planKind, planDigestOf(plan), plan)
}

/** The plan of this digest; one that another build version made, or that somebody changed, counts as absent. */
export async function recallPlan(store: Store, digest: Digest): Promise<ImagePlan | undefined> {
  const plan = await recall(store, planKind, digest)
  return plan !== undefined && planDigestOf(plan) === digest ? plan : undefined
}
