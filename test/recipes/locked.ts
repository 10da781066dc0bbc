import { lockRequestOf } from '../../images/plan/lock-request.ts'
import { digestOf } from '../../lib/digest.ts'
import type { Lock } from '../../recipes/lock.ts'
import { lockOriginOf } from '../../recipes/lock-origin.ts'
import type { LockedFile, LockedWeights, PinnedSourceOf } from '../../recipes/locked-weights.ts'
import { quantizedName } from '../../recipes/quantization.ts'
import { type Recipe, recipeSchema } from '../../recipes/recipe.ts'
import { fileNameOfUrl, setDigestOf, sortFiles, type WeightsSource } from '../../recipes/weights.ts'
import { lockFor } from '../images/engines/fixtures.ts'

export const hash = (letter: string) => letter.repeat(64)

/** One source of each kind, as a recipe writes it. */
export const sources = {
  huggingface: {
    type: 'huggingface',
    repo: 'acme/tiny',
    revision: 'v1',
    token: 'env://ONE',
    include: ['*.gguf'],
    exclude: ['*.bin'],
  },
  folder: { type: 'folder', path: 'model', include: ['*.gguf'], exclude: ['*.bin'] },
  oci: {
    type: 'oci',
    reference: 'registry.example/weights:v1',
    include: ['*.gguf'],
    exclude: ['*.bin'],
  },
  url: { type: 'url', url: 'https://example.org/model.gguf', sha256: hash('a'), path: 'model.gguf' },
  pypi: {
    type: 'pypi',
    package: 'tiny',
    version: '1.0',
    files: [{ path: 'tiny/model.gguf', sha256: hash('a') }],
  },
} as const satisfies Record<WeightsSource['type'], unknown>

/** A recipe as its YAML says it, before defaults. */
export type RawRecipe = Record<string, unknown>

export function rawRecipe(type: WeightsSource['type']): RawRecipe {
  return {
    name: 'tiny',
    model: { name: 'tiny' },
    engine: { id: 'llama-cpp', version: '>=0.7', runtime: 'packages', device: 'cpu' },
    weights: { source: sources[type], delivery: 'artifact', modelcar: true },
    image: { platform: 'linux/amd64', base: 'debian:forky-slim', registry: '20GB' },
  }
}

export function recipeOf(raw: RawRecipe): Recipe {
  return recipeSchema.parse(raw)
}

/** A lock as `ingot lock` would write it of this recipe, small. */
export function lockMadeFrom(recipe: Recipe): Lock {
  const { source } = recipe.weights
  const files = filesOf(source)
  const base = { reference: 'debian:bookworm-slim', digest: digestOf('modelcar') }
  const made = lockFor(recipe)
  const lock: Lock = {
    ...made,
    madeFrom: lockOriginOf(recipe, lockRequestOf(recipe)),
    weights: weightsOf(recipe, files),
  }
  if (lock.runtime.type === 'debian')
    lock.runtime.packages = lock.runtime.packages.map(({ name }) => packageFor(recipe, name))
  if (recipe.weights.modelcar)
    lock.modelcar = { type: 'debian', base, packages: [packageFor(recipe, 'busybox-static')] }
  return lock
}

/** The same lock as a version before the record wrote it. */
export function withoutRecord({ madeFrom: _, ...lock }: Lock): Lock {
  return lock
}

function packageFor({ image }: Recipe, name: string) {
  const architecture = image.platform.replace('linux/', '')
  return { name, version: '1:0.7.0-2', architecture, sizeBytes: 1, sha256: hash('d') }
}

function filesOf(source: WeightsSource): LockedFile[] {
  if (source.type === 'url')
    return [{ path: source.path ?? fileNameOfUrl(source.url), sizeBytes: 10, sha256: source.sha256 }]
  if (source.type !== 'pypi') return [{ path: 'model.gguf', sizeBytes: 10, sha256: hash('a') }]
  return sortFiles(
    source.files.map(({ path, sha256 }) => ({
      path: path.split('/').at(-1) ?? path,
      sizeBytes: 10,
      sha256,
      from: path,
    })),
  )
}

/** As they come, or as a recipe has them quantised. */
function weightsOf({ weights }: Recipe, files: LockedFile[]): LockedWeights {
  const from = { source: pinnedOf(weights.source), files, setDigest: setDigestOf(files) }
  const { quantize } = weights
  if (quantize === undefined) return from
  const { to, requantize, imatrix } = quantize
  const model = files[0]?.path ?? ''
  const made = [{ path: quantizedName(model, to), sizeBytes: 5, sha256: hash('b') }]
  const base = { reference: 'debian:forky-slim', digest: digestOf('tool') }
  const matrix = { sizeBytes: 3, sha256: hash('c'), matrixSha256: hash('d') }
  const source = {
    ...{ type: 'quantized' as const, to, requantize, from, model, fellBack: 1 },
    ...(imatrix === undefined ? {} : { imatrix: { path: imatrix, ...matrix } }),
    tool: { type: 'debian' as const, base, packages: [] },
    tensors: [{ type: 'Q4_K', count: 2 }],
  }
  return { source, files: made, setDigest: setDigestOf(made) }
}

function pinnedOf(source: WeightsSource): PinnedSourceOf<WeightsSource['type']> {
  switch (source.type) {
    case 'huggingface': {
      const { repo, revision, token } = source
      return { type: 'huggingface', repo, revision, commit: 'c0'.repeat(20), ...(token && { token }) }
    }
    case 'folder':
      return { type: 'folder', path: source.path }
    case 'oci':
      return { type: 'oci', reference: source.reference, digest: digestOf('weights') }
    case 'url':
      return { type: 'url', url: source.url }
    case 'pypi': {
      const wheel = { filename: 'tiny-1.0-py3-none-any.whl', sizeBytes: 20, sha256: hash('e') }
      return { type: 'pypi', package: source.package, version: source.version, wheel }
    }
  }
}
