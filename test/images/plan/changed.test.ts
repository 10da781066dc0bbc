import { expect, test } from 'vitest'
import { isTouched } from '../../../images/plan/changed.ts'

const recipe = {
  files: ['recipes/a.yaml', 'recipes/_base.yaml'],
  lockFile: 'recipes/a.lock.json',
  engine: 'llama-cpp',
} as const

test.each([
  ['nothing', [], false],
  ['its file', ['recipes/a.yaml'], true],
  ['its lock', ['recipes/a.lock.json'], true],
  ['another recipe', ['recipes/b.yaml', 'recipes/b.lock.json'], false],
  ['its engine', ['images/engines/llama-cpp/definition.ts'], true],
  ['a part of its engine', ['images/engines/llama-cpp/memory.ts'], true],
  ['what it shares with another engine', ['images/engines/ggml-memory.ts'], true],
  ['another engine', ['images/engines/vllm/definition.ts', 'images/engines/vllm/memory-rules.ts'], false],
  ['what every image is made with', ['images/oci/oci.ts'], true],
  ['the parser', ['recipes/parse.ts'], true],
  ['the store', ['pipelines/store/store.ts'], true],
  ['packages', ['package-lock.json'], true],
  ['tests and docs', ['test/images/oci.test.ts', 'docs/verify.md', 'README.md', 'lab/run.ts'], false],
])('a change of %s', (_, changed, expected) => {
  expect(isTouched(recipe, changed)).toBe(expected)
})
