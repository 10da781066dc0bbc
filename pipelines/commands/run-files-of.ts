import { type RunFacts, runFactsOf } from '../../images/run-files/facts.ts'
import type { BuiltImage } from '../catalogue/built-image.ts'
import { companionsOf } from '../catalogue/companions.ts'
import type { Store } from '../store/store.ts'

/**
 * What run files need of a built image. `repository` is where it was or will be published; without one the files name the
 * image as a bundle's loader does.
 */
export async function runFacts(
  store: Store,
  { plan, report }: BuiltImage,
  repository: string | undefined,
): Promise<RunFacts> {
  const image = referenceOf(repository ?? localRepository(plan.name), report.image)
  if (plan.weights.delivery !== 'artifact') return runFactsOf(plan, report, image)
  // The name may lead to other weights by now, so that of the image's own set is taken.
  const weights = (await companionsOf(store, { plan })).find(({ name }) => name === 'weights')?.image
  const name = repository === undefined ? localRepository(`${plan.name}-weights`) : `${repository}-weights`
  return runFactsOf(plan, report, image, weights && referenceOf(name, weights.digest))
}

/** Name of an image that came without a registry. */
export function localRepository(name: string): string {
  return `localhost/${name}`
}

function referenceOf(repository: string, digest: string): string {
  return `${repository}@${digest}`
}
