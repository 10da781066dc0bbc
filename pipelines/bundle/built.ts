import type { ImageReferrers } from '../../images/oci/attached.ts'
import { attestationsText, type BundledImage, bundleNames, siteReference } from '../../images/oci/bundle.ts'
import { reportMarkdown } from '../../images/report/markdown.ts'
import { runFactsOf } from '../../images/run-files/facts.ts'
import { runFilesFor } from '../../images/run-files/generate.ts'
import { targetsFor } from '../../images/run-files/machines.ts'
import { bundledTargets } from '../../images/run-files/targets.ts'
import { prettyJson } from '../../lib/json.ts'
import type { BuiltImage } from '../catalogue/built-image.ts'
import type { DocumentedImage } from '../outgoing/attestations.ts'
import type { ImageDocument } from '../outgoing/documents.ts'
import type { PreparedImage } from '../outgoing/prepare.ts'
import type { StatementSigner } from '../outgoing/signatures.ts'
import { reachableBlobs } from '../store/closure.ts'
import { readImageManifest } from '../store/image.ts'
import type { Store } from '../store/store.ts'
import { attachedEntries, type BundledAttestation, spokenOf } from './attached.ts'
import { type BundleEntry, blobEntry, textEntry } from './contents.ts'
import { BundleError } from './error.ts'

/** Everything of built recipes that goes into a bundle. */
export interface BundleContents {
  images: BundledImage[]
  blobs: BundleEntry[]
  documents: BundleEntry[]
}

interface CollectedContents extends BundleContents {
  attestations: BundledAttestation[]
  attached: ImageReferrers[]
}

/**
 * Collects images, weights that are images of their own, and what is said of them, signed where there is a way to. Throws
 * StoreError when a blob is missing, and `tool-failed`.
 */
export async function bundleContents(
  store: Store,
  prepared: readonly PreparedImage[],
  sign: StatementSigner | undefined,
): Promise<BundleContents> {
  const collected: CollectedContents = {
    images: [],
    blobs: [],
    documents: [],
    attestations: [],
    attached: [],
  }
  for (const { built, image, documents, companions, models } of prepared) {
    const { name } = built.plan
    const reference = await collect(collected, store, { name, image, documents, models }, sign)
    let weights: string | undefined
    for (const companion of companions) {
      // A ModelPack is for registries and their tools; no container tool loads one.
      if (companion.name === 'modelpack') continue
      const beside = { ...companion, models, name: `${name}-${companion.name}` }
      const added = await collect(collected, store, beside, sign)
      if (companion.name === 'weights') weights = added
    }
    collected.documents.push(...runFilesOf(built, reference, weights))
  }
  const { images, blobs, documents, attestations, attached } = collected
  const list =
    attestations.length === 0 ? [] : [textEntry(bundleNames.attestations, attestationsText(attestations))]
  return {
    images,
    blobs: distinct(blobs),
    documents: distinct([...documents, ...list, ...(await attachedEntries(store, attached))]),
  }
}

/** Adds one image with all that goes along; gives the name under which a site's tools know it. */
async function collect(
  { images, blobs, documents, attestations, attached }: CollectedContents,
  store: Store,
  said: DocumentedImage,
  sign: StatementSigner | undefined,
): Promise<string> {
  const { name, image } = said
  const { config, layers } = await readImageManifest(store, image.digest)
  const reference = siteReference(name, image.digest)
  images.push({
    reference,
    descriptor: image,
    config: config.digest,
    layers: layers.map(({ digest }) => digest),
  })
  for (const { digest, size } of [image, ...(await reachableBlobs(store, image)).blobs])
    blobs.push(blobEntry(store, digest, size))
  const spoken = await spokenOf(store, said, sign)
  documents.push(...said.documents.map((document) => plainEntry(name, document)), ...spoken.files)
  attestations.push(...spoken.attestations)
  attached.push(spoken.attached)
  return reference
}

/** A document as a file that people read. */
function plainEntry(name: string, document: ImageDocument): BundleEntry {
  const pretty = prettyJson(JSON.parse(document.text))
  switch (document.name) {
    case 'provenance':
      return textEntry(`provenance/${name}.json`, pretty)
    case 'test-result':
      return textEntry(`test-result/${name}.json`, pretty)
    case 'report':
      return textEntry(`report/${name}.json`, document.text)
    case 'bench':
      return textEntry(`bench/${name}.json`, document.text)
    case 'sbom.spdx':
      return textEntry(`sbom/${name}.spdx.json`, document.text)
    case 'sbom.cyclonedx':
      return textEntry(`sbom/${name}.cyclonedx.json`, document.text)
    case 'vex.openvex':
      // As scanners take it; the statement around it is for registries.
      return textEntry(`vex/${name}.openvex.json`, document.predicate)
    case 'vex.cyclonedx':
      return textEntry(`vex/${name}.cyclonedx.json`, document.text)
  }
}

function runFilesOf(
  { plan, report }: BuiltImage,
  reference: string,
  weights: string | undefined,
): BundleEntry[] {
  const facts = runFactsOf(plan, report, reference, weights)
  return [
    textEntry(`report/${plan.name}.md`, reportMarkdown(report)),
    ...bundledTargets
      .filter((target) => targetsFor(facts).includes(target))
      .flatMap((target) => runFilesFor(target, facts))
      .map(({ name, content }) => textEntry(`run-files/${name}`, content)),
  ]
}

/** What two images share is carried once. Throws `two-of-one-name` for two files that would take each other's place. */
function distinct(entries: readonly BundleEntry[]): BundleEntry[] {
  const known = new Map<string, BundleEntry>()
  for (const entry of entries) {
    const other = known.get(entry.path)
    // What is attached is named by its content, apart from signatures, of which each is as good as the other.
    if (other !== undefined && other.sha256 !== entry.sha256 && !entry.path.startsWith('attached/'))
      throw twoOfOneName(entry.path)
    known.set(entry.path, entry)
  }
  return [...known.values()]
}

function twoOfOneName(path: string): BundleError {
  return new BundleError('two-of-one-name', {
    attempted: `put ${path} into the bundle`,
    found: 'two of its recipes make a file of this name, with other content',
    hint: 'a recipe named NAME-weights meets the weights of NAME: rename one, or carry each in a bundle of its own',
  })
}
