import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { OriginalImage } from '../../pipelines/catalogue/built-image.ts'
import { type BundleSample, bundleSample } from '../pipelines/bundle/sample.ts'
import { artifactSample } from '../pipelines/outgoing/sample.ts'
import { openPlace, type Place } from '../pipelines/publish/place.ts'
import { recordedSyft } from '../pipelines/sbom/recorded.ts'
import { toolPath } from '../tools/find.ts'

const run = promisify(execFile)

export const password = 'a-password-of-the-key'

/** Statements about a server's image, by their names in a bundle. */
export const statementTypes = {
  provenance: 'https://slsa.dev/provenance/v1',
  'test-result': 'https://in-toto.io/attestation/test-result/v0.1',
  report: 'urn:dev.ingot:report',
  'sbom.spdx': 'https://spdx.dev/Document',
  'sbom.cyclonedx': 'https://cyclonedx.org/bom',
}

/** A signed bundle of an image, its weights and a modelcar, with two pairs of keys and a site. */
export interface SignedBundle {
  place: Place
  folder: string
  cosign: string
  /** Of whoever bundles. */
  environment: NodeJS.ProcessEnv
  /** Of a person at the site: no settings, no cache. */
  site: NodeJS.ProcessEnv
  built: OriginalImage
  bundle: string
  images: { digest: string; name: string }[]
  /** A file of the keys `ours` and `other`, such as `ours.pub`. */
  key(name: string): string
  /** Another bundle, of the same image unless told otherwise. */
  make(given: Partial<BundleSample> & { folder: string }): ReturnType<typeof bundleSample>
  close(): Promise<void>
}

/** What signs in a folder, with two pairs of keys there: `ours` and `other`. */
export async function signingEnvironment(
  folder: string,
): Promise<NodeJS.ProcessEnv & { INGOT_COSIGN: string }> {
  const cosign = toolPath('cosign')
  const environment = {
    PATH: process.env['PATH'],
    HOME: folder,
    COSIGN_PASSWORD: password,
    INGOT_COSIGN: cosign,
    INGOT_SYFT: await recordedSyft(folder),
    INGOT_GITLEAKS: toolPath('gitleaks'),
  }
  for (const name of ['ours', 'other'])
    await run(cosign, ['generate-key-pair', '--output-key-prefix', name], { cwd: folder, env: environment })
  return environment
}

export async function signedBundle(): Promise<SignedBundle> {
  const place = await openPlace()
  const folder = await mkdtemp(join(tmpdir(), 'ingot-signed-bundle-'))
  const environment = await signingEnvironment(folder)
  const cosign = environment.INGOT_COSIGN
  const home = join(folder, 'home')
  await mkdir(home)
  const built = await artifactSample(place.store)
  const key = (name: string) => join(folder, name)
  const signer = { type: 'key', key: key('ours.key'), isLogged: false } as const
  const make: SignedBundle['make'] = (given) =>
    bundleSample({ store: place.store, built: [built], environment, signer, ...given })
  const bundle = join(folder, 'bundle')
  await make({ folder: bundle })
  return {
    ...{ place, folder, cosign, environment, built, bundle, key, make },
    site: { PATH: `${dirname(cosign)}:/usr/bin:/bin`, HOME: home },
    images: await imagesOf(bundle),
    async close() {
      await place.close()
      await rm(folder, { recursive: true })
    },
  }
}

async function imagesOf(bundle: string): Promise<SignedBundle['images']> {
  const lines = (await readFile(join(bundle, 'IMAGES'), 'utf8')).trim().split('\n')
  return lines.map((line) => {
    const [digest = '', name = ''] = line.split(' ')
    return { digest, name }
  })
}
