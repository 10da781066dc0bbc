import { assembleImage } from '../../../images/oci/oci.ts'
import type { Report } from '../../../images/report/report.ts'
import { digestOf } from '../../../lib/digest.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { type Lock, lockSchema } from '../../../recipes/lock.ts'
import { type Recipe, recipeSchema } from '../../../recipes/recipe.ts'
import { setDigestOf } from '../../../recipes/weights.ts'
import { report } from '../../images/report-sample.ts'
import { layerOf } from '../scan/layers.ts'
import { storeImage } from '../store/store-image.ts'

const files = [
  { path: 'config.json', sizeBytes: 2, sha256: digestOf('{}').slice(7) },
  { path: 'model.safetensors', sizeBytes: 5, sha256: digestOf('bytes').slice(7) },
  { path: 'tokenizer.json', sizeBytes: 2, sha256: digestOf('{ }').slice(7) },
]

export const recipe: Recipe = recipeSchema.parse({
  name: 'sbom-sample',
  model: { name: 'acme/sample', license: 'llama3.1', acceptLicense: 'llama3.1' },
  engine: { id: 'vllm' },
  weights: { source: { type: 'huggingface', repo: 'acme/sample' } },
})

const deb = (name: string, version: string) => ({
  name,
  version,
  architecture: 'amd64',
  sizeBytes: 1,
  sha256: 'a'.repeat(64),
})

const wheel = (name: string, version: string) => ({
  name,
  version,
  wheels: [{ filename: `${name}-${version}-py3-none-any.whl`, sizeBytes: 1, sha256: 'b'.repeat(64) }],
})

/** Locks two packages and two distributions; of each kind the tree lists one and slimming took the other. */
export const lock: Lock = lockSchema.parse({
  lockVersion: 1,
  recipe: recipe.name,
  engine: { id: 'vllm', version: '0.33.0' },
  runtime: {
    type: 'python',
    base: { reference: 'debian:bookworm-slim', digest: digestOf('base') },
    packages: [deb('libgomp1', '1:12.2.0-14'), deb('tzdata', '2026f-1')],
    python: '3.11.2',
    uv: '0.9.0',
    distributions: [wheel('Typing_Extensions', '4.15.0'), wheel('torch', '2.13.0')],
  },
  weights: {
    source: { type: 'huggingface', repo: 'acme/sample', revision: 'main', commit: 'c'.repeat(40) },
    files,
    setDigest: setDigestOf(files),
    license: 'llama3.1',
    gated: true,
  },
})

const status = `Package: libgomp1
Status: install ok installed
Architecture: amd64
Version: 1:12.2.0-14
Maintainer: Debian GCC Maintainers <debian-gcc@lists.debian.org>
Description: GCC OpenMP support library

`

/** The image of that lock in a store: a layer of weights that a reader must not open, and the runtime's. */
export async function sampleImage(store: Store, platform = 'linux/amd64'): Promise<Report> {
  const weights = await layerOf(store, [{ name: 'models/model.safetensors', text: 'bytes' }])
  const runtime = await layerOf(store, [
    { name: 'etc/os-release', text: 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n' },
    { name: 'var/lib/dpkg/status', text: status },
    {
      name: 'opt/env/lib/python3.11/site-packages/typing_extensions-4.15.0.dist-info/METADATA',
      text: 'Metadata-Version: 2.4\nName: typing_extensions\nVersion: 4.15.0\nLicense-Expression: PSF-2.0\n\n',
    },
  ])
  const image = assembleImage([weights, runtime], { User: '10001:0' }, platform, {})
  const digest = await storeImage(store, image, 'sbom-sample:latest')
  return {
    ...report(),
    name: recipe.name,
    image: digest,
    layers: [
      {
        part: 'weights',
        cause: 'weights',
        digest: weights.descriptor.digest,
        sizeBytes: weights.descriptor.size,
      },
      {
        part: 'runtime',
        cause: 'runtime',
        digest: runtime.descriptor.digest,
        sizeBytes: runtime.descriptor.size,
      },
    ],
  }
}
