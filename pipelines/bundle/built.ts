import type { BundledImage } from '../../images/bundle.ts'
import { siteReference } from '../../images/bundle.ts'
import type { Descriptor } from '../../images/oci.ts'
import { provenanceOf } from '../../images/provenance.ts'
import { reportJson } from '../../images/report.ts'
import { reportMarkdown } from '../../images/report-markdown.ts'
import { runFactsOf } from '../../images/run-files/facts.ts'
import { runFileFor, runTargets } from '../../images/run-files/generate.ts'
import { type Json, prettyJson } from '../../lib/json.ts'
import { closureOf } from '../built/closure.ts'
import { companionsOf } from '../built/companions.ts'
import { builderOf } from '../built/documents.ts'
import { type BuiltImage, imageOf } from '../built/image.ts'
import { requireHere } from '../store/foreign.ts'
import { readImageManifest } from '../store/image.ts'
import type { Store } from '../store/store.ts'
import { type BundleEntry, blobEntry, textEntry } from './contents.ts'

/** Everything of built recipes that goes into a bundle. */
export interface BundleContents {
  images: BundledImage[]
  blobs: BundleEntry[]
  documents: BundleEntry[]
}

/** Collects images, weights that are images of their own, and documents. Throws StoreError when a blob is missing. */
export async function bundleContents(
  store: Store,
  built: readonly BuiltImage[],
  isUnverified: boolean,
  environment: NodeJS.ProcessEnv,
): Promise<BundleContents> {
  const images: BundledImage[] = []
  const blobs = new Map<string, BundleEntry>()
  const documents: BundleEntry[] = []
  async function add(name: string, descriptor: Descriptor): Promise<string> {
    const { config, layers } = await readImageManifest(store, descriptor.digest)
    const reference = siteReference(name, descriptor.digest)
    images.push({ reference, descriptor, config: config.digest, layers: layers.map(({ digest }) => digest) })
    for (const { digest, size } of [descriptor, ...(await closureOf(store, descriptor)).blobs]) {
      await requireHere(store, digest)
      blobs.set(digest, blobEntry(store, digest, size))
    }
    return reference
  }
  for (const image of built) {
    const reference = await add(image.plan.name, await imageOf(store, image))
    let weights: string | undefined
    for (const companion of await companionsOf(store, [image])) {
      // A ModelPack is for registries and their tools; no container tool loads one.
      if (companion.name === 'modelpack') continue
      const added = await add(`${image.plan.name}-${companion.name}`, companion.image)
      if (companion.name === 'weights') weights = added
    }
    documents.push(...documentsOf(image, reference, weights, isUnverified, environment))
  }
  return { images, blobs: [...blobs.values()], documents }
}

function documentsOf(
  { loaded, lock, plan, report }: BuiltImage,
  reference: string,
  weights: string | undefined,
  isUnverified: boolean,
  environment: NodeJS.ProcessEnv,
): BundleEntry[] {
  const { recipe } = loaded
  const provenance = provenanceOf({ recipe, lock, plan, report, isUnverified, ...builderOf(environment) })
  const facts = runFactsOf(plan, report, reference, weights)
  return [
    textEntry(`report/${plan.name}.json`, prettyJson(reportJson(report))),
    textEntry(`report/${plan.name}.md`, reportMarkdown(report)),
    // A statement holds JSON values only; interfaces without an index signature need the cast.
    textEntry(`provenance/${plan.name}.json`, prettyJson(provenance as unknown as Json)),
    ...runTargets.map((target) => {
      const { name, content } = runFileFor(target, facts)
      return textEntry(`run-files/${name}`, content)
    }),
  ]
}
