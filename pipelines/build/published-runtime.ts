import { z } from 'zod'
import { documentTypes } from '../../images/oci/document-types.ts'
import { labelNames } from '../../images/oci/label-names.ts'
import { compileCacheCause, ownLayerCause } from '../../images/oci/layer-causes.ts'
import type { StoredLayer } from '../../images/oci/oci.ts'
import { type ImagePlan, planDigestOf } from '../../images/plan/plan.ts'
import { reportVersion } from '../../images/report/report.ts'
import { layerKeyAnnotation } from '../../images/weights/reuse.ts'
import { type Digest, digestOf } from '../../lib/digest.ts'
import { fetchBlobs } from '../image-reader/fetch-blobs.ts'
import { chosenManifest, parsed } from '../image-reader/image.ts'
import type { RegistrySettings } from '../image-reader/registry.ts'
import { type RegistryPlace, registryPlace } from '../image-reader/registry.ts'
import type { Run } from '../process/run.ts'
import { descriptorSchema, digestSchema } from '../registry-client/oci-documents.ts'
import { intactBytes } from '../store/damage.ts'
import type { Store } from '../store/store.ts'
import { keepCompiled } from './compile-cache.ts'
import { type BuiltRuntime, keepRuntime } from './runtime.ts'

export interface PublishedContext extends Run {
  store: Store
  settings: RegistrySettings
  fromRegistry?: readonly string[]
}

const manifestSchema = z.object({
  artifactType: z.string().optional(),
  config: descriptorSchema,
  layers: z.array(descriptorSchema),
})
const configSchema = z.object({
  config: z.object({ Labels: z.record(z.string(), z.string()) }),
  rootfs: z.object({ diff_ids: z.array(digestSchema) }),
  history: z.array(z.object({ created_by: z.string() })),
})
const reportSchema = z.object({
  reportVersion: z.literal(reportVersion),
  image: digestSchema,
  sizes: z.object({ stockTreeBytes: z.number(), keptTreeBytes: z.number() }),
  removals: z.array(
    z.object({
      rule: z.string(),
      risk: z.enum(['safe', 'jit', 'feature']),
      reason: z.string(),
      files: z.number(),
      sizeBytes: z.number(),
      largest: z.array(z.object({ path: z.string(), sizeBytes: z.number() })),
    }),
  ),
  missingLibraries: z.array(z.object({ path: z.string(), needs: z.string() })),
  licences: z.record(z.string(), z.array(z.string())).default({}),
})

/**
 * The runtime layers of a published image that became of an equal plan, downloaded instead of built; undefined where none of
 * the references is one. Only a digest that the person names is trusted, because everybody who may push can move a tag.
 */
export async function publishedRuntime(
  plan: ImagePlan,
  context: PublishedContext,
): Promise<BuiltRuntime | undefined> {
  for (const reference of context.fromRegistry ?? []) {
    if (!/@sha256:[0-9a-f]{64}$/.test(reference)) continue
    const place = registryPlace(reference, context)
    try {
      const built = await runtimeAt(place, plan, context)
      if (built === undefined) continue
      await keepRuntime(context.store, plan, built)
      return built
    } finally {
      await place.close()
    }
  }
  return undefined
}

async function runtimeAt(
  place: RegistryPlace,
  plan: ImagePlan,
  { store, progress, settings, signal }: PublishedContext,
): Promise<BuiltRuntime | undefined> {
  const { reference } = place
  const manifest = await chosenManifest(place, plan.platform)
  const image = { ...parsed(manifestSchema, manifest, reference), digest: digestOf(manifest) }
  const config = configSchema.safeParse(JSON.parse(await place.text(image.config.digest))).data
  if (config?.config.Labels[labelNames.plan] !== planDigestOf(plan)) {
    progress.step(`${reference} was made of another plan: its runtime is built here`)
    return undefined
  }
  const report = await reportOf(place, image.digest)
  if (report === undefined) {
    progress.step(`${reference} was published without its report: its runtime is built here`)
    return undefined
  }
  const layers = runtimeLayers(image.layers, config)
  const missing = []
  for (const { descriptor: blob } of layers)
    if ((await intactBytes(store, blob)) === undefined) missing.push(blob)
  progress.step(`fetch ${missing.length} of ${layers.length} runtime layers of ${reference}`)
  await fetchBlobs(store, place, missing, {
    settings,
    signal,
    onProgress: (done, total) => progress.bytes('runtime', done, total),
  })
  // Made by a boot of this very plan: an equal runtime of another one does not share it.
  const compiled = layers.filter(({ cause }) => cause === compileCacheCause)
  if (compiled.length > 0) await keepCompiled(store, plan, { layers: compiled })
  const { sizes, removals, missingLibraries, licences } = report
  const stats = { stockBytes: sizes.stockTreeBytes, keptBytes: sizes.keptTreeBytes }
  return {
    layers: layers.filter((layer) => !compiled.includes(layer)),
    tree: { ...stats, removals, missing: missingLibraries },
    licences,
  }
}

/** Without weights, and without the recipe's own files: those are no part of what an equal runtime shares. */
function runtimeLayers(
  layers: z.infer<typeof manifestSchema>['layers'],
  { rootfs, history }: z.infer<typeof configSchema>,
): StoredLayer[] {
  return layers.flatMap((layer, index): StoredLayer[] => {
    const diffId = rootfs.diff_ids[index]
    if (layer.annotations?.[layerKeyAnnotation] !== undefined || diffId === undefined) return []
    const { mediaType, digest: blob, size } = layer
    const cause = (history[index]?.created_by ?? '').replace(/^ingot: /, '')
    return cause === ownLayerCause ? [] : [{ descriptor: { mediaType, digest: blob, size }, diffId, cause }]
  })
}

/** What was published about the image by `ingot publish`: it tells what slimming removed, which no layer shows. */
async function reportOf(place: RegistryPlace, image: Digest) {
  for (const { artifactType, digest: referrer } of await place.referrers(image)) {
    // An index that a person's tools wrote may not say it.
    if (artifactType !== undefined && artifactType !== documentTypes.report) continue
    const { layers } = parsed(manifestSchema, await place.manifest(referrer), place.reference)
    const document = layers.find(({ mediaType }) => mediaType === documentTypes.report)
    if (document === undefined) continue
    const report = reportSchema.safeParse(JSON.parse(await place.text(document.digest))).data
    if (report?.image === image) return report
  }
  return undefined
}
