import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseRecipe } from '../../recipes/parse.ts'

const demo = readFileSync(join(import.meta.dirname, '../../recipes/smollm2-135m-llama-cpp.yaml'), 'utf8')
const sha = 'a'.repeat(64)

function told(source: string) {
  const parsed = parseRecipe(demo.replace(/ {2}source:\n(?: {4}.*\n)+/, `  source: ${source}\n`), 'r.yaml')
  return parsed.ok ? [] : parsed.problems
}

test.each<[string, string, RegExp]>([
  ['{ type: s3, bucket: models }', 'type', /reads no object store.*aws s3 sync.*type: folder/],
  ['{ type: gcs, bucket: models }', 'type', /reads no object store/],
  ['{ type: azure, container: models }', 'type', /reads no object store/],
  ['{ type: modelscope, repo: Qwen/Qwen3-8B }', 'type', /modelscope download --model OWNER\/NAME/],
  ['{ type: git, url: "https://x.example/m.git" }', 'type', /git lfs pull/],
  ['{ type: pvc, claim: models }', 'type', /type: folder/],
  ['{ type: hf, repo: a/b }', 'type', /type: huggingface/],
  ['{ type: docker, reference: x }', 'type', /type: oci/],
  [`{ type: url, url: "s3://models/m.gguf", sha256: ${sha} }`, 'url', /reads no object store/],
  ['{ type: folder, path: "gs://models/llama" }', 'path', /reads no object store/],
  [
    '{ type: huggingface, repo: "https://huggingface.co/Qwen/Qwen3-8B/tree/main" }',
    'repo',
    /alone: Qwen\/Qwen3-8B$/,
  ],
  ['{ type: huggingface, repo: "hf://Qwen/Qwen3-8B" }', 'repo', /alone: Qwen\/Qwen3-8B$/],
  ['{ type: huggingface, repo: "s3://models/llama" }', 'repo', /reads no object store/],
  ['{ type: oci, reference: "oci://ghcr.io/a/b:1" }', 'reference', /without a scheme/],
  ['"s3://models/llama"', '', /reads no object store/],
  ['Qwen/Qwen3-8B', '', /a source is a map/],
])('a source that is written as %s is told what to write', (source, key, hint) => {
  const [problem] = told(source)
  expect(problem).toMatchObject({
    path: key === '' ? 'weights.source' : `weights.source.${key}`,
    hint: expect.stringMatching(hint),
  })
})

test('a type that nobody knows keeps the list of those that are known', () => {
  expect(told('{ type: foldr, path: m }')[0]).toMatchObject({ hint: 'did you mean "folder"?' })
})
