import { expect, test } from 'vitest'
import { type LayerDescriptor, readLayers } from '../../../pipelines/weights/oci-layers.ts'
import { sha256 } from './samples.ts'

let count = 0

function layer(mediaType: string, name?: string): LayerDescriptor {
  count += 1
  return {
    mediaType,
    digest: `sha256:${sha256(String(count))}`,
    size: count,
    ...(name === undefined ? {} : { annotations: { 'org.cncf.model.filepath': name } }),
  }
}

const ollama = (kind: string) => layer(`application/vnd.ollama.image.${kind}`)
const docker = (kind: string, name?: string) => layer(`application/vnd.docker.ai.${kind}`, name)
const pack = (kind: string, name?: string) => layer(`application/vnd.cncf.model.${kind}`, name)

interface Outcome {
  files?: string[]
  skipped?: RegExp[]
  texts?: string[]
  archives?: number
  images?: number
  unread?: RegExp[]
}

test.each<[string, LayerDescriptor[], Outcome]>([
  [
    'Ollama: model, projector and settings',
    ['model', 'projector', 'template', 'params', 'system', 'license', 'license', 'messages'].map(ollama),
    {
      files: ['mmproj.gguf', 'model.gguf'],
      texts: ['license', 'license', 'params', 'system', 'template'],
      skipped: [/messages/],
    },
  ],
  ['Ollama: an adapter', ['model', 'adapter'].map(ollama), { files: ['model.gguf'], unread: [/an adapter/] }],
  [
    'Ollama: an old name of the template, and old embeddings',
    ['model', 'prompt', 'embed'].map(ollama),
    { files: ['model.gguf'], texts: ['template'], skipped: [/ignored/] },
  ],
  ['Ollama: a drafter', ['model', 'draft'].map(ollama), { files: ['model.gguf'], unread: [/drafts/] }],
  ['Ollama: tensors of MLX', ['tensor', 'tensor'].map(ollama), { unread: [/MLX/, /MLX/] }],
  [
    'Ollama: a kind that is not known',
    ['model', 'wholly-new'].map(ollama),
    { files: ['model.gguf'], unread: [/what file/] },
  ],
  [
    'Docker: model, projector, template and licences of the same bytes',
    [docker('gguf.v3'), docker('mmproj'), docker('chat.template.jinja'), docker('license')],
    { files: ['LICENSE', 'chat_template.jinja', 'mmproj.gguf', 'model.gguf'] },
  ],
  [
    'Docker: shards without names',
    [docker('gguf.v3'), docker('gguf.v3'), docker('gguf.v3')],
    { files: [1, 2, 3].map((i) => `model-0000${i}-of-00003.gguf`) },
  ],
  [
    'Docker: shards with names',
    [
      docker('safetensors', 'a-00001-of-00002.safetensors'),
      docker('safetensors', 'a-00002-of-00002.safetensors'),
    ],
    { files: ['a-00001-of-00002.safetensors', 'a-00002-of-00002.safetensors'] },
  ],
  [
    'Docker: an archive of configurations',
    [docker('safetensors'), docker('vllm.config.tar')],
    { files: ['model.safetensors'], archives: 1 },
  ],
  [
    'ModelPack: raw and archived layers',
    [
      pack('weight.v1.raw', 'model.safetensors'),
      pack('weight.v1.tar', 'two.safetensors'),
      pack('code.v1.tar'),
    ],
    { files: ['model.safetensors'], archives: 2 },
  ],
  [
    'ModelPack and KitOps: packed archives',
    [
      pack('weight.v1.raw', 'model.safetensors'),
      pack('weight.v1.tar+gzip', 'two.safetensors'),
      pack('weight.v1.tar+zstd'),
      layer('application/vnd.kitops.modelkit.model.v1.tar+gzip'),
    ],
    { files: ['model.safetensors'], archives: 3 },
  ],
  [
    'ModelPack: documents',
    [
      pack('weight.v1.raw', 'm.gguf'),
      pack('doc.v1.raw', 'NOTES.md'),
      pack('doc.v1.tar'),
      pack('dataset.v1.tar+gzip', 'd'),
    ],
    { files: ['NOTES.md', 'm.gguf'], skipped: [/documents or data/, /documents or data/] },
  ],
  [
    'a name twice',
    [pack('weight.v1.raw', 'm'), pack('weight.v1.raw', 'm')],
    { unread: [/2 layers with the name m/] },
  ],
  [
    'ORAS: raw files under the type of a layer, and archives by their names',
    [
      layer('application/vnd.oci.image.layer.v1.tar', 'model.gguf'),
      layer('application/octet-stream', 'tokenizer.tar.gz'),
      layer('application/vnd.oci.image.layer.v1.tar', 'all.tar'),
    ],
    { files: ['model.gguf'], archives: 2 },
  ],
  ['a name that leaves the folder', [pack('weight.v1.raw', '../m')], { unread: [/leads out/] }],
  [
    'an ordinary image',
    [
      layer('application/vnd.oci.image.layer.v1.tar+gzip'),
      layer('application/vnd.docker.image.rootfs.diff.tar.gzip'),
    ],
    { archives: 2, images: 2 },
  ],
])('every layer is taken, left out with a reason, or refused: %s', (_, layers, outcome) => {
  const read = readLayers(layers)
  expect(read.files.map(({ path }) => path).sort()).toEqual(outcome.files ?? [])
  expect(read.texts.map(({ name }) => name).sort()).toEqual(outcome.texts ?? [])
  expect(read.archives).toHaveLength(outcome.archives ?? 0)
  expect(read.archives.filter(({ isImage }) => isImage)).toHaveLength(outcome.images ?? 0)
  const { skipped = [], unread = [] } = outcome
  expect(read.skipped.map(({ reason }) => reason)).toEqual(skipped.map((one) => expect.stringMatching(one)))
  expect(read.unread).toEqual(unread.map((one) => expect.stringMatching(one)))
})

test('a layer that stands twice with the same bytes is one file', () => {
  const one = docker('gguf.v3')
  expect(readLayers([one, { ...one }]).files.map(({ path }) => path)).toEqual(['model.gguf'])
})
