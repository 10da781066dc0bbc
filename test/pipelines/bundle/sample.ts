import { bundleContents } from '../../../pipelines/bundle/built.ts'
import { type BundleSummary, writeBundle } from '../../../pipelines/bundle/bundle.ts'
import { readEarlier } from '../../../pipelines/bundle/earlier.ts'
import type { OriginalImage } from '../../../pipelines/catalogue/built-image.ts'
import type { Signer } from '../../../pipelines/outgoing/cosign.ts'
import { type PreparedImage, prepareImage } from '../../../pipelines/outgoing/prepare.ts'
import { signedList, withSigning } from '../../../pipelines/outgoing/signatures.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { quiet } from '../outgoing/sample.ts'

export interface BundleSample {
  store: Store
  built: readonly OriginalImage[]
  folder: string
  environment: NodeJS.ProcessEnv
  signer?: Signer
  since?: string
  partBytes?: number
}

/** One bundle as the command makes it. */
export async function bundleSample(sample: BundleSample): Promise<BundleSummary> {
  const { store, built, folder, environment, signer, since, partBytes } = sample
  const settings = readSettings(environment)
  const request = { store, settings, isUnverified: false, sbom: 'if-possible' as const, onNotice() {} }
  const prepared: PreparedImage[] = []
  for (const image of built) prepared.push(await prepareImage(image, request))
  const earlier = since === undefined ? undefined : await readEarlier(since)
  return withSigning(store, signer, { settings }, async (sign) =>
    writeBundle({
      folder,
      ...(await bundleContents(store, prepared, sign)),
      progress: quiet,
      ...(sign && { sign: (list) => signedList(store, sign, list) }),
      ...(earlier && { earlier }),
      ...(partBytes !== undefined && { partBytes }),
    }),
  )
}
