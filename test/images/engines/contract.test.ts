import { describe, expect, test } from 'vitest'
import { badInputCases } from '../../../images/engines/bad-input.ts'
import type { EngineDefinition } from '../../../images/engines/engine.ts'
import { engineOf, engines } from '../../../images/engines/engines.ts'
import { planDigestOf, planImage } from '../../../images/plan/plan.ts'
import { canonicalJson, type Json } from '../../../lib/json.ts'
import { type EngineId, engineIds } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { deploymentFor, lockFor, recipeFor } from './fixtures.ts'

const parts = [
  'id',
  'title',
  'nicknames',
  'port',
  'formats',
  'weights',
  'shell',
  'runtimes',
  'versionOf',
  'refusals',
  'command',
  'environment',
  'reserved',
  'behaviour',
  'healthPath',
  'memory',
  'wheels',
  'imports',
  'enginePaths',
  'traces',
] satisfies (keyof EngineDefinition)[]

const deliveries = ['baked', 'mounted', 'hf-cache'] as const

test('every engine of a recipe has a definition', () => {
  expect(engines.map(({ id }) => id)).toEqual([...engineIds])
})

describe.each(engineIds)('%s', (id) => {
  const engine = engineOf(id)
  const planOf = (change?: (recipe: Recipe) => void) => {
    const recipe = recipeFor(id, change)
    return planImage(recipe, lockFor(recipe))
  }
  const variables = () => new Map(planOf().config.Env?.map(splitVariable))

  test('has the parts in their order', () => {
    expect(Object.keys(engine)).toEqual(parts)
  })

  test('reads its own version, and nothing out of noise', () => {
    expect(engine.versionOf(sayings[id])).toBe(versions[id])
    expect(engine.versionOf('no digits here')).toBeNull()
  })

  test('starts a program by its absolute path, without a shell, and passes extra arguments last', () => {
    const entrypoint = planOf().config.Entrypoint ?? []
    expect(entrypoint[0]).toMatch(/^\/(usr|bin|opt|app)/)
    expect(entrypoint[0]).not.toMatch(/\/(ba|da)?sh$/)
    if (id !== 'ollama')
      expect(
        planOf((recipe) => recipe.serving.extraArguments.push('--extra')).config.Entrypoint?.at(-1),
      ).toBe('--extra')
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
    for (const [name, value] of Object.entries(telemetry[id])) expect(env.get(name)).toBe(value)
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

  test('asks for the drivers of NVIDIA where it computes on a GPU, and only there', () => {
    for (const { device } of engine.runtimes) {
      const { runtime, ...rest } = deploymentFor(recipeFor(id))
      const env = engine.environment({ ...rest, runtime: { ...runtime, device } })
      expect(env['NVIDIA_VISIBLE_DEVICES']).toBe(device === 'cuda' ? 'all' : undefined)
      expect(env['NVIDIA_DRIVER_CAPABILITIES']).toBe(device === 'cuda' ? 'compute,utility' : undefined)
    }
  })

  test('says for every CUDA runtime which driver and GPU it needs', () => {
    for (const { device, gpu } of engine.runtimes) expect(gpu === undefined).toBe(device === 'cpu')
  })

  test('is ready when the named model has generated a token', () => {
    const { readiness } = planOf().verify.behaviour
    const body = JSON.stringify(readiness.request.body)
    const { modelPath, recipe } = deploymentFor(recipeFor(id))
    expect(readiness.required).toBe(true)
    expect(readiness.expect).toMatchObject({
      type: 'json',
      status: 200,
      checks: expect.arrayContaining([{ at: 'usage.completion_tokens', rule: 'positive' }]),
    })
    expect(JSON.stringify(readiness.expect)).toContain(id === 'tgi' ? modelPath : recipe.model.name)
    expect(body).toContain('max_tokens')
  })

  test('is asked for its models, a chat, a stream to its end, its native endpoint and wrong things', () => {
    const { probes } = planOf().verify.behaviour
    const ids = probes.map((probe) => probe.id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const wanted of ['models', 'chat', 'chat-stream', 'completions']) expect(ids).toContain(wanted)
    for (const group of ['serve', 'native', 'bad-input'])
      expect(probes.some((probe) => probe.group === group && probe.required)).toBe(true)
    expect(probes.find((probe) => probe.id === 'chat-stream')?.expect).toMatchObject({ endMarker: '[DONE]' })
  })

  test('has a status for every wrong question, or a reason not to ask', () => {
    const ids = planOf().verify.behaviour.probes.map((probe) => probe.id)
    const missing = badInputCases.filter((wrong) => !ids.includes(wrong))
    expect(missing).toEqual(notAsked[id])
  })

  test('need not refuse a long prompt where nobody says how long one may be', () => {
    const required = (change?: (recipe: Recipe) => void) =>
      planOf(change).verify.behaviour.probes.find((probe) => probe.id === 'prompt-too-long')?.required
    const without = ({ serving }: Recipe) => void delete serving.contextLength
    expect(required(without)).toBe(id === 'ollama')
    expect(required()).toBe(id !== 'tensorrt-llm')
  })

  test('is never asked for an endless answer without a limit of time', () => {
    for (const probe of planOf().verify.behaviour.probes)
      expect(probe.timeoutSeconds).toBeLessThanOrEqual(120)
  })

  test('ends with 0 on SIGTERM, in time, and knows lines that prove a failed start', () => {
    const { stop, failureLines } = planOf().verify.behaviour
    expect(stop.signal).toBe('SIGTERM')
    expect(stop.exitCodes).toEqual([0])
    expect(stop.timeoutSeconds).toBeGreaterThanOrEqual(10)
    expect(failureLines.length).toBeGreaterThan(0)
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
    if (id === 'ollama' && delivery === 'hf-cache')
      return expect(() => planImage(recipe, lockFor(recipe))).toThrow('a store of its own')
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

  test('plans as one JSON value, the same each time', () => {
    // A plan holds JSON values only; interfaces without an index signature need the cast.
    const text = canonicalJson(planOf() as unknown as Json)
    expect(canonicalJson(JSON.parse(text) as Json)).toBe(text)
    expect(planDigestOf(planOf())).toBe(planDigestOf(planOf()))
  })
})

function splitVariable(line: string): [string, string] {
  const at = line.indexOf('=')
  return [line.slice(0, at), line.slice(at + 1)]
}

const sayings: Record<EngineId, string> = {
  vllm: '0.32.0\n',
  tgi: 'text-generation-launcher 3.3.7\n',
  ollama: 'Warning: could not connect to a running Ollama instance\nWarning: client version is 0.17.4\n',
  sglang: '0.5.21\n',
  'tensorrt-llm': '[TensorRT-LLM] TensorRT LLM version: 1.2.1\n1.2.1\n',
  'llama-cpp': '1:0.7.0+dfsg-2',
}

const versions: Record<EngineId, string> = {
  vllm: '0.32.0',
  tgi: '3.3.7',
  ollama: '0.17.4',
  sglang: '0.5.21',
  'tensorrt-llm': '1.2.1',
  'llama-cpp': '0.7.0',
}

const telemetry: Record<EngineId, Record<string, string>> = {
  vllm: { VLLM_NO_USAGE_STATS: '1' },
  tgi: { USAGE_STATS: 'off' },
  ollama: { OLLAMA_NO_CLOUD: '1' },
  sglang: {},
  'tensorrt-llm': { TRTLLM_NO_USAGE_STATS: '1' },
  'llama-cpp': {},
}

/** Read by the server and never written: TGI's kernels are files of the image. */
const readOnly = ['HF_KERNELS_CACHE']

const notAsked: Record<EngineId, string[]> = {
  vllm: [],
  tgi: [],
  ollama: ['negative-max-tokens'],
  sglang: [],
  'tensorrt-llm': [],
  'llama-cpp': ['negative-max-tokens'],
}
