import { existsSync } from 'node:fs'
import { type ImagePlan, planDigestOf, planImage } from '../../images/plan.ts'
import { type Report, reportVersion } from '../../images/report.ts'
import type { Digest } from '../../lib/digest.ts'
import type { WeightsMount } from '../boot/runner.ts'
import { StageError } from '../error.ts'
import { loadLock, loadRecipe } from '../recipes.ts'
import { readImageConfig } from '../store/image.ts'
import { readRecord } from '../store/record.ts'
import { listReferences, resolveReference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'

/** An image that was built, with the plan it was built from and what is known about it. */
export interface Subject {
  plan: ImagePlan
  planDigest: Digest
  report: Report
  mounts: WeightsMount[]
}

/** The image of a recipe, or the one a name or digest of the store points at. Throws `no-image` for what was never built. */
export async function findSubject(
  text: string,
  store: Store,
  environment: NodeJS.ProcessEnv,
): Promise<Subject> {
  return /\.ya?ml$/.test(text) || existsSync(text)
    ? ofRecipe(text, store, environment)
    : ofReference(text, store)
}

async function ofRecipe(file: string, store: Store, environment: NodeJS.ProcessEnv): Promise<Subject> {
  const { recipe, lockFile } = await loadRecipe(file, environment)
  const lock = await loadLock(lockFile)
  if (lock === undefined) throw notBuilt(file, 'it has no lock yet', `run \`ingot build ${file}\``)
  const plan = planImage(recipe, lock)
  return withReport(file, plan, planDigestOf(plan), store)
}

async function ofReference(text: string, store: Store): Promise<Subject> {
  const found = (await resolveReference(store, text)) ?? (await resolveReference(store, `${text}:latest`))
  if (found === undefined) {
    const names = (await listReferences(store)).flatMap(({ name }) => name ?? [])
    const hint = names.length === 0 ? 'build an image first' : `the store has ${names.join(', ')}`
    throw notBuilt(text, 'the store has no such name or digest', hint)
  }
  const { config } = await readImageConfig(store, found.digest)
  // Only `ingot build` sets this label, with the digest of a plan.
  const planDigest = config.Labels?.['dev.ingot.plan'] as Digest | undefined
  // Only `ingot build` writes records of this kind.
  const plan = planDigest && ((await readRecord(store, 'plan', planDigest)) as ImagePlan | undefined)
  if (plan && planDigest) return withReport(text, plan, planDigest, store)
  throw notBuilt(text, 'the store has no plan for this image', 'build its recipe again with `ingot build`')
}

async function withReport(text: string, plan: ImagePlan, planDigest: Digest, store: Store): Promise<Subject> {
  // Only ingot writes records of this kind; those of another version have another shape.
  const report = (await readRecord(store, 'report', planDigest)) as Report | undefined
  if (report === undefined || report.reportVersion !== reportVersion)
    throw notBuilt(
      text,
      'the store has no image of this plan',
      `run \`ingot build --no-verify\` on its recipe`,
    )
  return { plan, planDigest, report, mounts: await mountsOf(plan, store) }
}

/** Weights that are not in the image lie beside it in the store, under a name that `ingot build` gave them. */
async function mountsOf({ name, weights }: ImagePlan, store: Store): Promise<WeightsMount[]> {
  if (weights.delivery === 'baked') return []
  const found = await resolveReference(store, `${name}-weights:latest`)
  if (found) return [{ image: found.digest, path: weights.modelFolder }]
  throw notBuilt(
    name,
    'its weights are not in the store',
    'run `ingot build` on its recipe, which packs them to boot it',
  )
}

function notBuilt(text: string, found: string, hint: string): StageError {
  return new StageError('no-image', { attempted: `verify ${text}`, found, hint })
}
