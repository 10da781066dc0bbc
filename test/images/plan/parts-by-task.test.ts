import { expect, test } from 'vitest'
import { engines } from '../../../images/engines/engines.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { digestOf, hexOf } from '../../../lib/digest.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Lock } from '../../../recipes/lock.ts'
import { nameOfPart, type PartRole, partRoles, partSchema } from '../../../recipes/parts.ts'
import type { PinnedPart } from '../../../recipes/pinned-parts.ts'
import type { ModelTask, Pooling } from '../../../recipes/tasks.ts'
import { setDigestOf, sortFiles } from '../../../recipes/weights.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

const tasks = ['chat', 'completion', 'embedding', 'rerank'] as const
type Case = [EngineId, PartRole, (typeof tasks)[number]]

/** Every part that an engine serves, beside a model of every task that it serves. */
const cases: Case[] = engines.flatMap(({ id, parts, tasks: served }) =>
  partRoles
    .filter((role) => parts[role].type === 'served')
    .flatMap((role) =>
      tasks.filter((task) => served.flat().includes(task)).map((task): Case => [id, role, task]),
    ),
)

const part = (role: PartRole, called = 'beside') => {
  const name = role === 'adapter' || role === 'model' ? { name: called } : {}
  return partSchema.parse({ role, ...name, source: { type: 'huggingface', repo: 'acme/beside' } })
}

/** A header of a GGUF whose model is for this task. */
function headerFor(task: ModelTask, chatTemplate: string | undefined): PinnedPart['gguf'] {
  const pooling: Pooling = task === 'rerank' ? 'rank' : task === 'embedding' ? 'mean' : 'none'
  const template = task === 'chat' && chatTemplate !== undefined ? { chatTemplate } : {}
  return { architecture: 'llama', parameterCount: 5, fileType: 'F16', pooling, ...template }
}

function pinned(role: PartRole, lock: Lock, task: ModelTask): PinnedPart {
  const { gguf } = lock
  const names = gguf ? [`${role}.gguf`] : ['adapter_config.json', 'config.json', 'model.safetensors']
  const files = sortFiles(names.map((path) => ({ path, sizeBytes: 9, sha256: hexOf(digestOf(path)) })))
  const name = nameOfPart(part(role))
  return {
    role,
    ...(name !== undefined && { name }),
    weights: { source: { type: 'folder', path: '.' }, files, setDigest: setDigestOf(files) },
    ...(role === 'adapter' && { adapter: { rank: 8 } }),
    ...(role === 'projector' && { projector: { vision: true, audio: false } }),
    ...(role === 'model' && { gguf: headerFor(task, gguf?.chatTemplate) }),
  }
}

/** A plan of a model for one task, beside a part; a further model is for a task of its own. */
function planned([id, role, task]: Case, further: ModelTask = task) {
  const recipe = recipeFor(id, (one) => {
    one.parts = [part(role)]
    one.model.task = task
  })
  const lock = lockFor(recipe)
  if (lock.gguf && task === 'rerank') lock.gguf.pooling = 'rank'
  lock.parts = [pinned(role, lock, further)]
  return planImage(recipe, lock)
}

const proofs: Record<PartRole, string> = {
  adapter: 'adapter-beside',
  drafter: 'drafter',
  projector: 'projector',
  model: 'model-beside',
}

const generates = (task: ModelTask) => task === 'chat' || task === 'completion'
const onlyBesideText: readonly PartRole[] = ['adapter', 'drafter']

test.each(cases)('%s proves a %s beside a model for %s, or refuses it', (...one) => {
  const [id, role, task] = one
  if (onlyBesideText.includes(role) && !generates(task)) {
    expect(() => planned(one)).toThrow(/parts\.0\.role: the model is served for \w+ and generates no tokens/)
    return
  }
  if (id === 'ollama' && role === 'model' && task === 'rerank') throw new Error('Ollama reranks now')
  const { probes } = planned(one).verify.behaviour
  const proof = probes.find((probe) => probe.id === proofs[role])
  expect(proof?.required).toBe(true)
})

test.each(['llama-cpp', 'ollama'] as const)('%s asks a further model what its own files say', (id) => {
  const pathOf = (task: ModelTask) =>
    planned([id, 'model', 'chat'], task).verify.behaviour.probes.find((probe) => probe.id === 'model-beside')
      ?.request.path
  expect(pathOf('chat')).toBe('/v1/chat/completions')
  expect(pathOf('completion')).toBe('/v1/completions')
  expect(pathOf('embedding')).toBe('/v1/embeddings')
})

test('a further model of Ollama that reranks is refused, and one of llama.cpp is asked to', () => {
  expect(() => planned(['ollama', 'model', 'chat'], 'rerank')).toThrow(
    'parts.0: the model beside is for rerank, as its files say, and Ollama serves chat',
  )
  const { probes } = planned(['llama-cpp', 'model', 'chat'], 'rerank').verify.behaviour
  expect(probes.filter(({ id }) => id.startsWith('model-beside')).map(({ request }) => request.path)).toEqual(
    ['/v1/rerank', '/v1/rerank'],
  )
})

test.each([
  ['embedding', 'embeddings = true\nbatch-size = 4096\nubatch-size = 4096\n'],
  ['rerank', 'reranking = true\nbatch-size = 4096\nubatch-size = 4096\n'],
  ['chat', ''],
] as const)('the router of llama.cpp has the flags of %s at that model alone', (task, flags) => {
  const plan = planned(['llama-cpp', 'model', 'chat'], task)
  const file = plan.settings.find(({ path }) => path === '/etc/ingot/models.ini')
  expect(file?.type === 'file' && file.content.replaceAll('load-on-startup = true\n', '')).toBe(`version = 1

[smollm2-135m-instruct]
model = /models/smollm2-135m-instruct/model.gguf

[beside]
model = /models/smollm2-135m-instruct/parts/model/beside/model.gguf
${flags}`)
  const first = planned(['llama-cpp', 'model', 'embedding'], 'chat')
  expect(first.config.Entrypoint?.join(' ')).not.toMatch(/embedd|batch/)
})

test.each([
  ['ollama', 'smollm2:135m', 'SmolLM2:135M', 'to Ollama "SmolLM2:135M" is the same name as "smollm2:135m"'],
  ['ollama', 'small', 'small:latest', 'to Ollama "small:latest" is the same name as "small"'],
  ['ollama', 'small', 'library/small', 'to Ollama "library/small" is the same name as "small"'],
  ['tgi', 'small', 'tgi', 'to TGI the name "tgi" is the model alone'],
] as const)('%s has one place for %s and %s, which is refused', (id, model, name, words) => {
  const recipe = recipeFor(id, (one) => {
    one.model.name = model
    one.parts = [part('adapter', name)]
  })
  const lock = lockFor(recipe)
  lock.parts = [{ ...pinned('adapter', lock, 'chat'), name }]
  expect(() => planImage(recipe, lock)).toThrow(words)
})
