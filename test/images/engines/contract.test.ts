import { describe, expect, test } from 'vitest'
import type { EngineDefinition } from '../../../images/engines/engine.ts'
import { engineOf, engines, findEngine } from '../../../images/engines/engines.ts'
import { findGpu } from '../../../images/memory/gpus.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import { planDigestOf, planImage } from '../../../images/plan/plan.ts'
import { canonicalJson, type Json } from '../../../lib/json.ts'
import { engineIds } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { factsOf } from '../memory/models.ts'
import { deploymentFor, gpuEngineIds, lockFor, recipeFor } from './fixtures.ts'
import { sampleOf } from './samples.ts'

const parts = [
  'id',
  'title',
  'use',
  'nicknames',
  'port',
  'formats',
  'tasks',
  'weights',
  'parts',
  'modelSettings',
  'shell',
  'runtimes',
  'elsewhere',
  'versionOf',
  'refusals',
  'doubts',
  'command',
  'help',
  'environment',
  'files',
  'reserved',
  'behaviour',
  'apiKey',
  'perplexity',
  'scoring',
  'healthPath',
  'health',
  'ownStart',
  'compileCache',
  'startWords',
  'gauges',
  'machines',
  'memory',
  'quantizations',
  'memoryFlags',
  'sharedMemory',
  'wheels',
  'imports',
  'suggestion',
  'enginePaths',
  'traces',
] satisfies (keyof EngineDefinition)[]

/** Parts that an engine may leave out. */
const spare: readonly string[] = [
  'elsewhere',
  'doubts',
  'files',
  'perplexity',
  'scoring',
  'health',
  'ownStart',
  'compileCache',
  'startWords',
  'gauges',
] satisfies (keyof EngineDefinition)[]

const deliveries = ['baked', 'mounted', 'hf-cache'] as const

test('every engine of a recipe has a definition', () => {
  expect(engines.map(({ id }) => id)).toEqual([...engineIds])
})

describe.each(engineIds)('%s', (id) => {
  const engine = engineOf(id)
  const sample = sampleOf(id)
  const planOf = (change?: (recipe: Recipe) => void) => {
    const recipe = recipeFor(id, change)
    return planImage(recipe, lockFor(recipe))
  }
  const variables = () => new Map(planOf().config.Env?.map(splitVariable))

  test('has the parts in their order', () => {
    expect(Object.keys(engine)).toEqual(parts.filter((part) => !spare.includes(part) || part in engine))
  })

  test('reads its own version, and nothing out of noise', () => {
    expect(engine.versionOf(sample.says)).toBe(sample.version)
    expect(engine.versionOf('no digits here')).toBeNull()
  })

  test('starts a program by its absolute path, without a shell, and passes extra arguments last', () => {
    const entrypoint = planOf().config.Entrypoint ?? []
    expect(entrypoint[0]).toMatch(/^\/(usr|bin|opt|app)/)
    expect(entrypoint[0]).not.toMatch(/\/(ba|da)?sh$/)
    const { argument = '--trust-remote-code' } = sample
    const extra = () => planOf((recipe) => recipe.serving.extraArguments.push(argument))
    if (sample.takesArguments) expect(extra().config.Entrypoint?.at(-1)).toBe(argument)
    else expect(extra).toThrow('serving.extraArguments')
  })

  test('listens on every interface at the port of the recipe', () => {
    const plan = planOf((recipe) => {
      recipe.serving.port = 9090
    })
    const said = [...(plan.config.Entrypoint ?? []), ...(plan.config.Env ?? [])].join(' ')
    expect(said).toContain('0.0.0.0')
    expect(said).toContain('9090')
    expect(Object.keys(plan.config.ExposedPorts ?? {})).toEqual(['9090/tcp'])
    expect(plan.port).toBe(9090)
  })

  test('needs no passwd entry, no network and tells nobody', () => {
    const env = variables()
    for (const name of ['HOME', 'USER', 'LOGNAME']) expect(env.get(name)).toBeTruthy()
    expect(env.get('HOME')).toBe('/tmp')
    for (const name of ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE', 'DO_NOT_TRACK', 'HF_HUB_DISABLE_TELEMETRY'])
      expect(env.get(name)).toBe('1')
    for (const [name, value] of Object.entries(sample.telemetry)) expect(env.get(name)).toBe(value)
  })

  test('writes every cache below /tmp', () => {
    const caches = [...variables()].filter(
      ([name]) =>
        /^(?!VLLM_CPU).*CACHE|_DIR$|_BASE$|^HOME$|^HF_HOME$|CONFIG_(HOME|ROOT)/.test(name) &&
        !readOnly.includes(name),
    )
    expect(caches.length).toBeGreaterThan(0)
    expect(caches.filter(([, value]) => !value.startsWith('/tmp'))).toEqual([])
  })

  test('lets the user of the recipe win over every variable', () => {
    const plan = planOf((recipe) => {
      recipe.serving.environment = { HF_HOME: '/elsewhere' }
    })
    expect(plan.config.Env).toContain('HF_HOME=/elsewhere')
  })

  test('says for every CUDA runtime which driver and GPU it needs', () => {
    for (const { device, gpu } of engine.runtimes) expect(gpu === undefined).toBe(device !== 'cuda')
  })

  test('takes the port the recipe does not name from its definition, which any user may bind', () => {
    const plan = planOf((recipe) => {
      delete recipe.serving.port
    })
    expect(plan.port).toBe(engine.port)
    expect(engine.port).toBeGreaterThan(1024)
  })

  test.each(deliveries)('plans the delivery %s or refuses it with a way out', (delivery) => {
    const recipe = recipeFor(id, (draft) => {
      draft.weights.delivery = delivery
      if (delivery === 'hf-cache')
        draft.weights.source = { type: 'huggingface', repo: 'acme/tiny', revision: 'main' }
    })
    const refusal = sample.refusedDeliveries[delivery]
    if (refusal !== undefined) return expect(() => planImage(recipe, lockFor(recipe))).toThrow(refusal)
    const plan = planImage(recipe, lockFor(recipe))
    expect(plan.weights.layers.length).toBeGreaterThan(0)
    const guarded = plan.config.Entrypoint?.some((part) => part.endsWith('weights-guard'))
    expect(guarded).toBe(delivery !== 'baked')
    expect('dev.ingot.weights.files' in (plan.config.Labels ?? {})).toBe(delivery !== 'baked')
    const said = [...(plan.config.Entrypoint ?? []), ...(plan.config.Env ?? [])].join(' ')
    expect(said).toContain(
      delivery === 'hf-cache' ? `/models/hub/models--acme--tiny/snapshots/${'c0'.repeat(20)}` : '/models/',
    )
  })

  test('is found by its id and by every other name, which no other engine has', () => {
    for (const name of [id, ...engine.nicknames]) {
      expect(findEngine(name)).toBe(engine)
      expect(findEngine(name.toUpperCase())).toBe(engine)
      const namesakes = engines.filter((other) => [other.id, ...other.nicknames].includes(name))
      expect(namesakes).toEqual([engine])
    }
  })

  test('has rules for wheels where it can be installed from wheels, and modules to import where it is Python', () => {
    const fromWheels = engine.runtimes.some(({ source }) => source.type === 'python')
    if (fromWheels) expect(engine.wheels.rules.length).toBeGreaterThan(0)
    expect(engine.imports === null || engine.imports.modules.length > 0).toBe(true)
    if (fromWheels || engine.wheels.rules.length > 0) expect(engine.imports).not.toBeNull()
    expect(engine.imports?.imagePython ?? '/').toMatch(/^\//)
  })

  test('knows its own files wherever they came from', () => {
    const all = Object.values(engine.traces).flat()
    expect(all.length).toBeGreaterThan(0)
    for (const path of engine.traces.paths) expect(path).toMatch(/^\//)
    for (const path of engine.enginePaths) expect(path).toMatch(/^\//)
  })

  test('lies in its weights as files, or as a store whose files are whole', () => {
    const { weights } = engine
    const layers = planOf().weights.layers.flatMap(({ entries }) => entries)
    if (weights.type === 'files') return expect(layers.map(({ type }) => type)).not.toContain('symlink')
    const entries = weights.entries(deploymentFor(recipeFor(id)))
    expect(entries.map(({ type }) => type)).not.toContain('part')
    for (const { path } of entries) expect(layers.map((entry) => entry.path)).toContain(path)
  })

  test('plans as one JSON value, the same each time', () => {
    // A plan holds JSON values only; interfaces without an index signature need the cast.
    const text = canonicalJson(planOf() as unknown as Json)
    expect(canonicalJson(JSON.parse(text) as Json)).toBe(text)
    expect(planDigestOf(planOf())).toBe(planDigestOf(planOf()))
  })
})

test.each(gpuEngineIds)(
  '%s plans memory of a GPU, each part of it whole bytes, and says what is split over GPUs',
  (id) => {
    const engine = engineOf(id)
    const facts = factsOf('llama-3.1-8b')
    const plan = planMemory(engine, { facts, gpu: findGpu('h100'), tp: 2, maxModelLen: 4096 })
    expect(plan).toMatchObject({ outcome: 'planned', engine: id, fits: true, gpuCount: 2 })
    const small = {
      facts,
      gpu: findGpu('h100'),
      maxModelLen: 4096,
      kvCacheDtype: engine.memory.eightBitCache,
    }
    expect(planMemory(engine, small)).toMatchObject({ outcome: 'planned', fits: true })
    const uneven = () => planMemory(engine, { ...small, tp: 3 })
    if (engine.memory.splits === 'heads') expect(uneven).toThrow('32 attention heads do not divide')
    else expect(uneven()).toMatchObject({ outcome: 'planned', gpuCount: 3 })
  },
)

function splitVariable(line: string): [string, string] {
  const at = line.indexOf('=')
  return [line.slice(0, at), line.slice(at + 1)]
}

/** Read by the server and never written: TGI's kernels are files of the image. */
const readOnly = ['HF_KERNELS_CACHE']
