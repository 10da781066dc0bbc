import { expect, test } from 'vitest'
import { gguf, ggufMetadata } from '../memory-files.ts'
import { type Files, llamaGguf, lockFiles, model, pointer } from './contents-folder.ts'

const page = '<!DOCTYPE html>\n<html><body>Please log in</body></html>'
const adapter = gguf(
  { 'general.type': 'adapter', 'general.architecture': 'llama' },
  { 'blk.0.attn_q.weight.lora_a': 1 },
)

test.each<[string, Files, string]>([
  ['a model', { 'm.gguf': gguf(ggufMetadata, { 'token_embd.weight': 400 }) }, 'm.gguf has'],
  ['a model cut inside its header', { 'm.gguf': llamaGguf.subarray(0, 200) }, 'm.gguf'],
  [
    'a projector',
    { 'm.gguf': llamaGguf, 'mmproj-F16.gguf': gguf({ 'general.architecture': 'clip' }, { 'v.patch': 400 }) },
    'mmproj-F16.gguf has',
  ],
  [
    'a model under the name of a projector',
    { 'm.gguf': llamaGguf, 'mmproj-F16.gguf': llamaGguf },
    'mmproj-F16.gguf has the name of a projector, and is a model by its header',
  ],
  ['a shard that is absent', { 'm-00001-of-00002.gguf': llamaGguf }, 'm-00002-of-00002.gguf is missing'],
  ['a pointer', { 'm.gguf': pointer }, 'Git LFS pointer'],
  ['a page', { 'm.gguf': page }, 'm.gguf is a page of a web server'],
  ['an adapter alone', { 'm.gguf': adapter }, 'm.gguf is an adapter by its header'],
  [
    'a header that names no architecture',
    { 'm.gguf': gguf({ 'general.name': 'x' }, { 'token_embd.weight': 4 }) },
    'm.gguf names no architecture in its header',
  ],
  [
    'shards in capital letters, which llama.cpp looks for in small ones',
    {
      'm-00001-of-00002.GGUF': gguf({ ...ggufMetadata, 'split.count': 2 }, { 'token_embd.weight': 4 }),
      'm-00002-of-00002.GGUF': gguf({ 'split.count': 2 }, { 'output.weight': 4 }),
    },
    'names that end in -00001-of-00002.gguf',
  ],
  ['a vocabulary', { 'm.gguf': gguf(ggufMetadata, {}) }, 'm.gguf has no tensors'],
  [
    'the other order of bytes',
    { 'm.gguf': Buffer.from(llamaGguf.toString('latin1').replace('\x03\0\0\0', '\0\0\0\x03'), 'latin1') },
    'm.gguf is written for big-endian machines',
  ],
  ['another form', { 'm.gguf': model }, 'm.gguf does not begin as a GGUF file does'],
  ['the form before', { 'm.gguf': 'tjggxxxxxxxxxxxx' }, 'm.gguf is in a form of ggml from before GGUF'],
  [
    'a shard under another name',
    { 'm.gguf': gguf({ ...ggufMetadata, 'split.count': 2 }, { 'token_embd.weight': 4 }) },
    'm.gguf is one of 2 shards by its header',
  ],
  [
    'a control vector alone',
    { 'm.gguf': gguf({ 'general.architecture': 'controlvector' }, { 'direction.1': 1 }) },
    'm.gguf is a control vector by its header',
  ],
  [
    'version 1',
    { 'm.gguf': Buffer.concat([Buffer.from('GGUF\x01\0\0\0'), Buffer.alloc(100)]) },
    'GGUF of version 1',
  ],
])('a GGUF that is not complete is refused when it is locked: %s', async (_, files, words) => {
  await expect(lockFiles('llama-cpp', files)).rejects.toThrow(words)
})

test.each<[string, Files, string, string]>([
  ['an adapter', { 'lora.gguf': adapter }, 'lora.gguf', 'an adapter by its header'],
  [
    'a control vector',
    { 'mood.gguf': gguf({ 'general.architecture': 'controlvector' }, { 'direction.1': 1 }) },
    'mood.gguf',
    'a control vector by its header',
  ],
  ['a sidecar of macOS', { '._m.gguf': Buffer.alloc(200) }, '._m.gguf', 'not read by any server'],
])('%s beside a GGUF is no second model, and goes with its reason', async (_, files, path, reason) => {
  const { weights, gguf: facts } = await lockFiles('llama-cpp', { 'm.gguf': llamaGguf, ...files })
  expect(weights.files.map((file) => file.path)).toEqual(['m.gguf'])
  expect(weights.skipped).toMatchObject([{ path, reason: expect.stringContaining(reason) }])
  expect(facts?.architecture).toBe('llama')
})
