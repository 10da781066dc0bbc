import { assembleImage } from '../../../images/oci/oci.ts'
import { planImage } from '../../../images/plan/plan.ts'
import type { OriginalImage } from '../../../pipelines/catalogue/built-image.ts'
import { openConnection } from '../../../pipelines/network/connection.ts'
import type { Login } from '../../../pipelines/network/login.ts'
import type { Signer } from '../../../pipelines/outgoing/cosign.ts'
import type { CommandProgress } from '../../../pipelines/process/progress.ts'
import { publishBuilt } from '../../../pipelines/publish/built-publish.ts'
import { parsePushTarget } from '../../../pipelines/registry-client/reference.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import type { Lock } from '../../../recipes/lock.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lock, recipe, sampleImage } from '../sbom/image.ts'
import { type Entry, layerOf } from '../scan/layers.ts'
import { storeImage } from '../store/store-image.ts'

type Platform = 'linux/amd64' | 'linux/arm64'

/** The sample image as if a recipe had been built and verified; what no boot can show here is the sample report's. */
export async function builtSample(store: Store, platform: Platform = 'linux/amd64'): Promise<OriginalImage> {
  const ours = { ...recipe, image: { ...recipe.image, platform } }
  const report = await sampleImage(store, platform)
  const place = { file: 'sample.yaml', folder: '/nonexistent', lockFile: 'sample.lock.json' }
  return { origin: { ...place, recipe: ours, lock }, plan: planImage(ours, lock), report }
}

const busybox = { name: 'busybox-static', version: '1:1.35.0-4', architecture: 'amd64', sizeBytes: 1 }

/** The same with its weights beside it: as an image, and as a modelcar with programs and what a test adds to them. */
export async function artifactSample(
  store: Store,
  more: readonly Entry[] = [],
  platform: Platform = 'linux/amd64',
): Promise<OriginalImage> {
  const { origin, report } = await builtSample(store, platform)
  const ours: Recipe = {
    ...origin.recipe,
    name: platform === 'linux/amd64' ? report.name : `${report.name}-arm`,
    weights: { ...origin.recipe.weights, delivery: 'artifact', modelcar: true },
  }
  const base = { reference: 'debian:bookworm-slim', digest: lock.weights.setDigest }
  const packages = [{ ...busybox, sha256: 'd'.repeat(64) }]
  const withPrograms: Lock = { ...lock, modelcar: { type: 'debian', base, packages } }
  const plan = planImage(ours, withPrograms)
  const weights = await Promise.all(
    plan.weights.layers.map((_, index) =>
      layerOf(store, [{ name: `models/sample/${index}`, text: 'bytes' }]),
    ),
  )
  const programs = await layerOf(store, [
    { name: 'bin/busybox', mode: 0o755, text: '\u007fELF\0 BusyBox v1.35.0' },
    { name: 'bin/sh', type: 'symlink', linkname: 'busybox' },
    ...more,
  ])
  const links = await layerOf(store, [{ name: 'models/0', type: 'symlink', linkname: 'sample/0' }])
  const labels = { Labels: { 'dev.ingot.weights': lock.weights.setDigest } }
  const images = { weights, modelcar: [...weights, programs, links] }
  for (const [name, layers] of Object.entries(images))
    await storeImage(store, assembleImage(layers, labels, plan.platform, {}), `${plan.name}-${name}:latest`)
  return { origin: { ...origin, recipe: ours, lock: withPrograms }, plan, report }
}

export const quiet: CommandProgress = { step() {}, bytes() {}, end() {}, lanes: () => [] }

export interface PublishSample {
  store: Store
  built: readonly OriginalImage[]
  to: string
  tags?: string[]
  signer?: Signer
  environment: NodeJS.ProcessEnv
  isUnverified?: boolean
  sbom?: 'required' | 'if-possible'
  login?: Login
}

/** One publish as the command makes it. */
export async function publishSample(sample: PublishSample) {
  const {
    store,
    built,
    to,
    tags = ['v1'],
    signer,
    environment,
    isUnverified = false,
    sbom = 'if-possible',
  } = sample
  const settings = readSettings(environment)
  const connection = openConnection(settings.proxies)
  const notices: string[] = []
  try {
    const published = await publishBuilt({
      store,
      connection,
      target: parsePushTarget(to),
      tags,
      built,
      isUnverified,
      hasAttachments: true,
      sbom,
      signer,
      mountFrom: [],
      login: async () => sample.login,
      context: {
        settings,
        signal: new AbortController().signal,
        progress: quiet,
        stderr: (text) => void notices.push(text),
      },
    })
    return { ...published, notices }
  } finally {
    await connection.close()
  }
}
