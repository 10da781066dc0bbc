import { planImage } from '../../../images/plan.ts'
import type { BuiltImage } from '../../../pipelines/built/image.ts'
import type { Signer } from '../../../pipelines/cosign.ts'
import type { Login } from '../../../pipelines/network/login.ts'
import type { CommandProgress } from '../../../pipelines/progress.ts'
import { publishBuilt } from '../../../pipelines/publish/built-publish.ts'
import { parseTarget } from '../../../pipelines/publish/reference.ts'
import { openTransport } from '../../../pipelines/publish/transport.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { lock, recipe, sampleImage } from '../sbom/image.ts'

/** The sample image as if a recipe had been built and verified; what no boot can show here is the sample report's. */
export async function builtSample(
  store: Store,
  platform: 'linux/amd64' | 'linux/arm64' = 'linux/amd64',
): Promise<BuiltImage> {
  const ours = { ...recipe, image: { ...recipe.image, platform } }
  const report = await sampleImage(store, platform)
  const loaded = { recipe: ours, file: 'sample.yaml', folder: '/nonexistent', lockFile: 'sample.lock.json' }
  return { loaded, lock, plan: planImage(ours, lock), report }
}

const quiet: CommandProgress = { step() {}, bytes() {}, end() {}, lanes: () => [] }

export interface PublishSample {
  store: Store
  built: readonly BuiltImage[]
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
  const transport = openTransport({ environment })
  const notices: string[] = []
  try {
    const published = await publishBuilt({
      store,
      transport,
      target: parseTarget(to),
      tags,
      built,
      isUnverified,
      hasAttachments: true,
      sbom,
      signer,
      mountFrom: [],
      login: async () => sample.login,
      context: {
        environment,
        signal: new AbortController().signal,
        progress: quiet,
        stderr: (text) => void notices.push(text),
      },
    })
    return { ...published, notices }
  } finally {
    await transport.close()
  }
}
