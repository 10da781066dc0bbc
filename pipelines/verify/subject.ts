import { existsSync } from 'node:fs'
import { type ImagePlan, planDigestOf, planImage } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import type { Digest } from '../../lib/digest.ts'
import { optional } from '../../lib/optional.ts'
import type { FactoryLock } from '../../recipes/lock.ts'
import type { WeightsMount } from '../boot/runner.ts'
import { storedReport } from '../catalogue/report-record.ts'
import { StageError } from '../error.ts'
import { loadLocked } from '../lock/locked-recipe.ts'
import type { Settings } from '../settings/settings.ts'
import { statBlob } from '../store/blobs.ts'
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
  /** Helpers that the recipe's lock pins. An image that is named without its recipe is booted by those of now. */
  factory?: FactoryLock
}

/** The image of a recipe, or the one a name or digest of the store points at. Throws `no-image` for what was never built. */
export async function findSubject(
  text: string,
  store: Store,
  settings: Pick<Settings, 'locksFolder'>,
): Promise<Subject> {
  return /\.ya?ml$/.test(text) || existsSync(text)
    ? ofRecipe(text, store, settings)
    : ofReference(text, store)
}

async function ofRecipe(
  file: string,
  store: Store,
  settings: Pick<Settings, 'locksFolder'>,
): Promise<Subject> {
  const { recipe, lock } = await loadLocked(file, settings, `verify ${file}`)
  const plan = planImage(recipe, lock)
  const subject = await withReport(file, plan, planDigestOf(plan), store)
  return { ...subject, ...optional('factory', lock.factory) }
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
  const report = await storedReport(store, planDigest)
  if (report === undefined)
    throw notBuilt(
      text,
      'the store has no image of this plan',
      `run \`ingot build --no-verify\` on its recipe`,
    )
  const weightsImage = await weightsBeside(plan, report, store)
  if (weightsImage === undefined) return { plan, planDigest, report, mounts: [] }
  const mounts = [{ image: weightsImage, path: plan.weights.modelFolder }]
  return { plan, planDigest, report: { ...report, weightsImage }, mounts }
}

/**
 * Weights that are not in the image lie beside it in the store. The report names them by digest; for an image that was not
 * booted those count that a later build of the same weights packed.
 */
async function weightsBeside(
  { name, weights }: ImagePlan,
  report: Report,
  store: Store,
): Promise<Digest | undefined> {
  if (weights.delivery === 'baked') return undefined
  const known = report.weightsImage
  if (known !== undefined && (await statBlob(store, known)) !== undefined) return known
  const found = (await resolveReference(store, `${name}-weights:latest`))?.digest
  if (found && (await weightsLabel(store, found)) === weights.setDigest) return found
  throw notBuilt(
    name,
    'its weights are not in the store',
    'run `ingot build` on its recipe, which packs them to boot it',
  )
}

async function weightsLabel(store: Store, image: Digest): Promise<string | undefined> {
  return (await readImageConfig(store, image)).config.Labels?.['dev.ingot.weights']
}

function notBuilt(text: string, found: string, hint: string): StageError {
  return new StageError('no-image', { attempted: `verify ${text}`, found, hint })
}
