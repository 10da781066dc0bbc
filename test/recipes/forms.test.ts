import { expect, test } from 'vitest'
import { isImageReference } from '../../recipes/image-reference.ts'
import { recipeSchema } from '../../recipes/recipe.ts'
import { hash, type RawRecipe, rawRecipe } from './locked.ts'

/** Places at which a recipe is wrong. */
function wrongPlaces(raw: RawRecipe): string[] {
  return recipeSchema.safeParse(raw).error?.issues.map(({ path }) => path.join('.')) ?? []
}

const digest = `sha256:${hash('a')}`

test.each([
  'debian',
  'debian:forky-slim',
  `debian:forky-slim@${digest}`,
  'docker.io/library/debian:forky-slim',
  '127.0.0.1:5000/library/debian:bookworm-slim',
  '[::1]:5000/a/b',
  'nvcr.io/nvidia/tensorrt-llm/release:1.2.0rc3.post1',
  'ghcr.io/ggml-org/llama.cpp:server-cuda',
])('%s is an image', (text) => {
  expect(isImageReference(text)).toBe(true)
})

test.each([
  '../x',
  'a b',
  'http://x/y',
  '/x',
  'Debian:x',
  'debian:',
  'debian@sha256:zz',
  `debian@${digest}x`,
  'x:y:z',
  '-x',
])('%s is no image, and told at its key before anything is asked', (base) => {
  const raw = rawRecipe('url')
  expect(wrongPlaces({ ...raw, image: { ...Object(raw['image']), base } })).toEqual(['image.base'])
})

test.each<[object, string]>([
  [{ type: 'huggingface', repo: '../b' }, 'repo'],
  [{ type: 'huggingface', repo: 'a/..' }, 'repo'],
  [{ type: 'huggingface', repo: 'a/.' }, 'repo'],
  [{ type: 'url', url: 'https://example.org/x.gguf', sha256: hash('a'), path: '../x.gguf' }, 'path'],
  [{ type: 'url', url: 'https://example.org/x.gguf', sha256: hash('a'), path: '/etc/x' }, 'path'],
  [{ type: 'url', url: 'https://example.org/', sha256: hash('a') }, 'url'],
  [{ type: 'url', url: 'https://example.org/%2e%2e%2fx', sha256: hash('a') }, 'url'],
  [
    { type: 'pypi', package: 'p', version: '1', files: [{ path: 'a/..', sha256: hash('a') }] },
    'files.0.path',
  ],
])('the source %j is no source', (source, key) => {
  const raw = rawRecipe('url')
  expect(wrongPlaces({ ...raw, weights: { source } })).toEqual([`weights.source.${key}`])
})

test('names with dots are names, and an address without a name has one by `path`', () => {
  const raw = rawRecipe('url')
  for (const source of [
    { type: 'huggingface', repo: '..a/.b' },
    { type: 'url', url: 'https://example.org/', sha256: hash('a'), path: 'sub/x.gguf' },
  ])
    expect(wrongPlaces({ ...raw, weights: { source } })).toEqual([])
})

test.each([
  ['>=0.7 <0.1', ['engine.version']],
  ['>=0.7 <0.8', []],
  ['', []],
  ['<0.0.0-0', ['engine.version']],
])('the range %j of versions is wrong at %j', (version, places) => {
  const raw = rawRecipe('url')
  expect(wrongPlaces({ ...raw, engine: { ...Object(raw['engine']), version } })).toEqual(places)
})
