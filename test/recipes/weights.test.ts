import { expect, test } from 'vitest'
import { matchesPattern } from '../../recipes/glob.ts'
import { type LockedWeights, lockedWeightsSchema } from '../../recipes/locked-weights.ts'
import { isSafePath } from '../../recipes/safe-path.ts'
import { pickFiles } from '../../recipes/weight-selection.ts'
import { setDigestOf, weightsSourceSchema } from '../../recipes/weights.ts'

const names = (paths: readonly string[]) => paths.map((path) => ({ path, sizeBytes: 1 }))
const taken = (paths: readonly string[], patterns: { include?: string[]; exclude?: string[] } = {}) =>
  pickFiles(names(paths), patterns, ['safetensors', 'pytorch']).taken.map((file) => file.path)

test('duplicates of the weights are left out where safetensors are there', () => {
  const all = [
    'README.md',
    'config.json',
    'consolidated.safetensors',
    'model.safetensors',
    'original/params.json',
    'pytorch_model.bin',
    'tf_model.h5',
    'tokenizer.model',
  ]
  expect(taken(all)).toEqual(['config.json', 'model.safetensors', 'tokenizer.model'])
})

test('without safetensors the other formats stay', () => {
  expect(taken(['config.json', 'pytorch_model.bin'])).toEqual(['config.json', 'pytorch_model.bin'])
  expect(taken(['consolidated.safetensors', 'params.json'])).toEqual([
    'consolidated.safetensors',
    'params.json',
  ])
})

test('a file named in full is taken although it is a duplicate', () => {
  expect(taken(['model.safetensors', 'pytorch_model.bin'], { include: ['pytorch_model.bin'] })).toEqual([
    'pytorch_model.bin',
  ])
})

test.each([
  ['a/b.gguf', '*.gguf', true],
  ['a/b.gguf', 'a/', true],
  ['a/b.gguf', 'b.gguf', false],
  ['model-Q4_K_M.gguf', '*Q4_[KX]_M*', true],
  ['model-Q4_K_M.gguf', '*Q4_[!K]_M*', false],
  ['a+b.txt', 'a+b.txt', true],
])('%s against %s: %s', (path, pattern, matches) => {
  expect(matchesPattern(path, pattern)).toBe(matches)
})

test.each(['a/../b', '/a', 'a//b', 'a\\b', '.', 'a\nb', ''])('the path %j is refused', (path) => {
  expect(isSafePath(path)).toBe(false)
})

const files = [{ path: 'a', sizeBytes: 1, sha256: 'ab'.repeat(32) }]
const weights: LockedWeights = { source: { type: 'folder', path: '.' }, files, setDigest: setDigestOf(files) }

test('a lock that was edited by hand is found', () => {
  expect(lockedWeightsSchema.safeParse(weights).success).toBe(true)
  const other = { ...weights, files: [{ ...weights.files[0], sizeBytes: 1, path: 'b' }] }
  expect(lockedWeightsSchema.safeParse(other).error?.issues[0]?.message).toContain('edited by hand')
  expect(lockedWeightsSchema.safeParse({ ...weights, files: [...files, ...files] }).success).toBe(false)
})

test('a token in a recipe is a URI and never the token', () => {
  const source = (token: string) =>
    weightsSourceSchema.safeParse({ type: 'huggingface', repo: 'a/b', token }).success
  expect(source('op://vault/hf')).toBe(true)
  expect(source('hf_abcdef')).toBe(false)
})
