import { expect, test } from 'vitest'
import type { HttpProbe } from '../../../images/boot/probe.ts'
import { type ImagePlan, planDigestOf, planImage } from '../../../images/plan/plan.ts'
import { digestOf, hexOf } from '../../../lib/digest.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Lock } from '../../../recipes/lock.ts'
import type { PinnedSource } from '../../../recipes/locked-weights.ts'
import { nameOfPart, partSchema, type RecipePart } from '../../../recipes/parts.ts'
import type { PinnedPart } from '../../../recipes/pinned-parts.ts'
import { setDigestOf, sortFiles } from '../../../recipes/weights.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

const hub = (repo: string) => ({ type: 'huggingface' as const, repo })

const raw = {
  sql: { role: 'adapter', name: 'sql', source: hub('acme/sql') },
  poems: { role: 'adapter', name: 'acme/poems', source: hub('acme/poems') },
  drafter: { role: 'drafter', source: hub('acme/draft'), tokens: 4 },
  heads: { role: 'drafter', source: hub('acme/heads'), method: 'eagle3' },
  own: { role: 'drafter', method: 'mtp', tokens: 1 },
  projector: { role: 'projector', source: hub('acme/eyes') },
  small: { role: 'model', name: 'small', source: hub('acme/small') },
}
type Name = keyof typeof raw

const filesOf = (part: RecipePart, isGguf: boolean): string[] => {
  if (part.role === 'adapter' && !isGguf) return ['adapter_config.json', 'adapter_model.safetensors']
  if (!isGguf) return ['config.json', 'model.safetensors', 'tokenizer.json']
  return [part.role === 'projector' ? 'mmproj.gguf' : `${part.role}.gguf`]
}

function pinnedOf(part: RecipePart, isGguf: boolean): PinnedPart[] {
  if (part.source?.type !== 'huggingface') return []
  const files = sortFiles(
    filesOf(part, isGguf).map((path) => ({
      path,
      sizeBytes: 2000,
      sha256: hexOf(digestOf(`${part.role} ${path}`)),
    })),
  )
  const source: PinnedSource = {
    type: 'huggingface',
    repo: part.source.repo,
    revision: 'main',
    commit: 'd0'.repeat(20),
  }
  const name = nameOfPart(part)
  return [
    {
      role: part.role,
      ...(name !== undefined && { name }),
      weights: { source, files, setDigest: setDigestOf(files) },
      ...(part.role === 'adapter' && { adapter: { rank: 20 } }),
      ...(part.role === 'projector' && { projector: { vision: true, audio: false } }),
      ...(part.role === 'model' &&
        isGguf && { gguf: { architecture: 'llama', parameterCount: 5, fileType: 'F16' } }),
    },
  ]
}

function planned(id: EngineId, names: readonly Name[], change: (lock: Lock) => void = () => {}): ImagePlan {
  const parts = names.map((name) => partSchema.parse(raw[name]))
  const recipe = recipeFor(id, (one) => {
    one.parts = parts
  })
  const lock = lockFor(recipe)
  const isGguf = lock.gguf !== undefined
  const pinned = parts.flatMap((part) => pinnedOf(part, isGguf))
  if (pinned.length > 0) lock.parts = pinned
  change(lock)
  return planImage(recipe, lock)
}

function commandOf(plan: ImagePlan): string {
  return plan.config.Entrypoint?.join(' ') ?? ''
}

function probe(plan: ImagePlan, id: string): HttpProbe {
  const found = plan.verify.behaviour.probes.find((one) => one.id === id)
  if (found === undefined) throw new Error(`there is no probe ${id}`)
  return found
}

test.each(['llama-cpp', 'vllm', 'sglang', 'tgi', 'ollama'] as const)(
  'an adapter of %s adds layers and leaves those of the model as they are',
  (id) => {
    const alone = planned(id, []).weights
    const beside = planned(id, ['sql']).weights
    const keys = new Set(beside.layers.map(({ key }) => key))
    const files = (layer: { entries: readonly { type: string }[] }) =>
      layer.entries.some(({ type }) => type === 'file')
    expect(alone.layers.filter(files).every(({ key }) => keys.has(key))).toBe(true)
    expect(beside.layers.length).toBeGreaterThan(alone.layers.length)
    expect(beside.setDigest).not.toBe(alone.setDigest)
    expect(beside.sizeBytes).toBe(alone.sizeBytes + 2000 * (beside.files.length - alone.files.length))
  },
)

test('a plan without parts has nothing of them', () => {
  expect(JSON.stringify(planned('vllm', []))).not.toMatch(/parts|lora|specul/)
  expect(planDigestOf(planned('vllm', []))).toBe(planDigestOf(planned('vllm', [])))
})

test('llama.cpp loads adapters and leaves them off, drafts and takes the projector', () => {
  const plan = planned('llama-cpp', ['sql', 'poems', 'drafter', 'projector'])
  const at = '/models/smollm2-135m-instruct/parts'
  expect(commandOf(plan)).toContain(
    `--mmproj ${at}/projector/mmproj.gguf --lora-scaled ${at}/adapter/sql/adapter.gguf:0,${at}/adapter/acme-poems/adapter.gguf:0 --model-draft ${at}/drafter/drafter.gguf --spec-type draft-simple --spec-draft-n-max 4 --alias`,
  )
  const { request, differs } = probe(plan, 'adapter-acme-poems')
  expect(request.body).toMatchObject({ lora: [{ id: 1, scale: 1 }], cache_prompt: false })
  expect(differs?.pairs[0]?.map(({ body }) => body)).toEqual([
    expect.objectContaining({ lora: [], cache_prompt: false }),
    expect.objectContaining({ lora: [{ id: 1, scale: 1 }], cache_prompt: false }),
  ])
  expect(differs?.otherwise).toBe('the adapter acme/poems changes nothing')
})

test.each([
  [
    'heads',
    '--model-draft /models/smollm2-135m-instruct/parts/drafter/drafter.gguf --spec-type draft-eagle3',
  ],
  ['own', '--alias'],
] as const)('llama.cpp drafts with %s', (name, words) => {
  const command = commandOf(planned('llama-cpp', [name]))
  expect(command).toContain(words)
  if (name === 'own') expect(command).toMatch(/ --spec-type draft-mtp --spec-draft-n-max 1 /)
  expect(command.includes('--model-draft')).toBe(name !== 'own')
})

test('llama.cpp serves several models by its router, from a file of the image', () => {
  const plan = planned('llama-cpp', ['small', 'sql'])
  expect(commandOf(plan)).toMatch(/ --models-preset \/etc\/ingot\/models\.ini --models-max 2 --host/)
  expect(commandOf(plan)).not.toMatch(/--model |--alias|--lora/)
  const file = plan.settings.find(({ path }) => path === '/etc/ingot/models.ini')
  expect(file?.type === 'file' && file.content).toBe(`version = 1

[smollm2-135m-instruct]
model = /models/smollm2-135m-instruct/model.gguf
lora-scaled = /models/smollm2-135m-instruct/parts/adapter/sql/adapter.gguf:0
load-on-startup = true

[small]
model = /models/smollm2-135m-instruct/parts/model/small/model.gguf
load-on-startup = true
`)
  expect(probe(plan, 'metrics').request.path).toBe('/metrics?model=smollm2-135m-instruct')
  expect(probe(plan, 'listed-small').required).toBe(true)
  expect(probe(plan, 'model-small').request.body).toMatchObject({ model: 'small' })
})

test('vLLM gets adapters with a rank that it takes, and a drafter as JSON', () => {
  const plan = planned('vllm', ['sql', 'poems', 'drafter'])
  const at = '/models/smollm2-135m-instruct/parts'
  expect(commandOf(plan)).toContain(
    `--enable-lora --max-loras 2 --max-lora-rank 32 --lora-modules sql=${at}/adapter/sql acme/poems=${at}/adapter/acme-poems --speculative-config {"method":"draft_model","model":"${at}/drafter","num_speculative_tokens":4}`,
  )
  expect(probe(plan, 'drafter').expect).toMatchObject({
    positive: ['vllm:spec_decode_num_accepted_tokens_total'],
  })
  expect(commandOf(planned('vllm', ['own']))).toContain(
    '--speculative-config {"method":"mtp","num_speculative_tokens":1}',
  )
})

test('SGLang and TGI get adapters by name', () => {
  const at = '/models/smollm2-135m-instruct/parts'
  expect(commandOf(planned('sglang', ['sql', 'heads']))).toContain(
    `--enable-lora --max-loras-per-batch 2 --lora-paths sql=${at}/adapter/sql --speculative-algorithm EAGLE3 --speculative-draft-model-path ${at}/drafter --speculative-num-steps 3 --speculative-eagle-topk 1 --speculative-num-draft-tokens 4`,
  )
  expect(commandOf(planned('tgi', ['sql', 'poems']))).toContain(
    `--lora-adapters sql=${at}/adapter/sql,acme/poems=${at}/adapter/acme-poems`,
  )
})

test('an Ollama store has a manifest of each name, with an adapter above the weights of the model', () => {
  const { layers } = planned('ollama', ['sql', 'small', 'projector']).weights
  const entries = layers.flatMap((layer) => layer.entries)
  const kindsOf = (name: string): string[] => {
    const entry = entries.find(({ path }) => path.endsWith(`/library/${name}`))
    const manifest = JSON.parse(entry?.type === 'text' ? entry.text : '{}')
    return manifest.layers.map((layer: { mediaType: string }) => layer.mediaType.split('.').at(-1))
  }
  expect(kindsOf('smollm2/135m').slice(0, 2)).toEqual(['model', 'projector'])
  expect(kindsOf('sql/latest').slice(0, 3)).toEqual(['model', 'projector', 'adapter'])
  expect(kindsOf('small/latest')[0]).toBe('model')
  expect(new Set(entries.map(({ path }) => path)).size).toBe(entries.length)
})

function setFacts(lock: Lock, adapter: NonNullable<PinnedPart['adapter']>): void {
  for (const part of lock.parts ?? []) part.adapter = adapter
}

const unserved: [EngineId, Name, (lock: Lock) => void, string][] = [
  [
    'vllm',
    'drafter',
    (lock) => {
      lock.engine.version = '0.14.1'
    },
    'does not draft with a model of its own',
  ],
  ['vllm', 'sql', (lock) => setFacts(lock, { rank: 900 }), 'its rank 900 is above the 512'],
  [
    'llama-cpp',
    'sql',
    (lock) => setFacts(lock, { rank: 4, architecture: 'gemma3' }),
    'it is made for gemma3, and the model is llama',
  ],
]

test.each(unserved)('a part that %s cannot serve is refused: %s', (id, name, change, words) => {
  expect(() => planned(id, [name], change)).toThrow(words)
})

test('a gated part needs its own consent', () => {
  const gate = (lock: Lock) => {
    const [part] = lock.parts ?? []
    if (part) part.weights = { ...part.weights, license: 'llama3.1', gated: true }
  }
  expect(() => planned('vllm', ['sql'], gate)).toThrow('parts.0.acceptLicense')
})
