import { describe, expect, test } from 'vitest'
import { gpus } from '../../../images/memory/gpus.ts'
import type { PlannedMemory } from '../../../images/memory/result.ts'
import { gpuEngineIds } from '../engines/fixtures.ts'
import { factsOf, GiB, modelNames } from './models.ts'
import { type EngineRequest, planFor } from './plan-for.ts'
import { type Random, randomOf } from './random.ts'

const seeds = Array.from({ length: 120 }, (_, index) => index + 1)

const versions: Readonly<Record<string, readonly string[]>> = {
  vllm: ['0.6.4', '0.8.2', '0.8.5', '0.10.1', '0.11.0', '0.19.0', '0.24.0', '0.33.0'],
  sglang: ['0.4.6', '0.5.2', '0.5.9'],
}

function requestOf(random: Random): EngineRequest {
  const engine = random.pick(gpuEngineIds)
  const facts = factsOf(random.pick(modelNames))
  const version = versions[engine] ? random.pick(versions[engine]) : undefined
  return {
    facts,
    engine,
    gpu: random.pick(gpus),
    tp: random.pick([1, 2, 4].filter((tp) => facts.headCount % tp === 0)),
    kvCacheDtype: random.pick(['auto', 'float16']),
    maxModelLen: 256 + random.below(65536),
    ...(version ? { engineVersion: version } : {}),
  }
}

function planned(request: EngineRequest): PlannedMemory {
  const plan = planFor(request)
  if (plan.outcome === 'planned') return plan
  throw new Error(plan.verdict)
}

/** Whether twice the GPUs share the heads evenly. */
function splitsFurther({ facts, tp = 1 }: EngineRequest): boolean {
  return facts.headCount % (tp * 2) === 0
}

/** A pool that half of the longest sequence fills, so that memory and no other limit bounds the length; undefined without one. */
function tightPool(request: EngineRequest): number | undefined {
  if (request.engineVersion === '0.6.4') return undefined
  const { maxModelLen } = planned(request)
  const cap = Math.max(request.facts.maxPositions ?? 0, maxModelLen)
  const pool = planned({ ...request, maxModelLen: Math.floor(cap / 2) }).kvBytesForOneSequence
  const { maxModelLenThatFits: longest } = planned({ ...request, availableKvBytes: pool })
  return longest > 0 && longest < cap ? pool : undefined
}

test.each([
  ['more GPUs', splitsFurther],
  ['the longest that fits', (request: EngineRequest) => tightPool(request) !== undefined],
])('enough of the requests have to do with %s', (_, applies) => {
  expect(seeds.filter((seed) => applies(requestOf(randomOf(seed)))).length).toBeGreaterThan(80)
})

describe.each(seeds)('seed %i', (seed) => {
  const request = requestOf(randomOf(seed))
  const plan = planned(request)

  test('a longer context never needs less', () => {
    const longer = planned({ ...request, maxModelLen: plan.maxModelLen + 1 + (seed % 5000) })
    expect(longer.kvBytesForOneSequence).toBeGreaterThanOrEqual(plan.kvBytesForOneSequence)
  })

  if (splitsFurther(request))
    test('more GPUs never hold fewer tokens', () => {
      const tp = (request.tp ?? 1) * 2
      // SGLang itself lowers its default share for each rank, so the same share is asked for.
      const same = request.engine === 'sglang' ? { ...request, gpuMemoryUtilization: 0.8 } : request
      const narrow = planned(same)
      const wider = planned({ ...same, tp })
      expect(wider.kvTokens).toBeGreaterThanOrEqual(narrow.kvTokens)
      expect(wider.maxModelLenThatFits).toBeGreaterThanOrEqual(narrow.maxModelLenThatFits)
    })

  test('parts add up to the limit', () => {
    const parts = Object.values(plan.overheadBytes).reduce((sum, bytes) => sum + bytes, plan.weightsBytes)
    const pool =
      plan.kvPoolFrom === 'budget' ? plan.kvPoolBytes : plan.spareBytes + plan.kvBytesForOneSequence
    expect(Math.abs(plan.limitBytes - parts - pool)).toBeLessThanOrEqual(2)
  })

  test('more pool never holds less, and a fit is what fits', () => {
    const small = planned({ ...request, availableKvBytes: 2 * GiB })
    const large = planned({ ...request, availableKvBytes: 3 * GiB })
    expect(large.kvTokens).toBeGreaterThanOrEqual(small.kvTokens)
    expect(large.maxModelLenThatFits).toBeGreaterThanOrEqual(small.maxModelLenThatFits)
    expect(small.fits).toBe(small.maxModelLenThatFits >= small.maxModelLen)
  })

  const pool = tightPool(request)
  if (pool !== undefined)
    test('the longest that fits does fit, and one more token does not', () => {
      const at = (maxModelLen: number) => planned({ ...request, maxModelLen, availableKvBytes: pool })
      const longest = at(plan.maxModelLen).maxModelLenThatFits
      expect(at(longest).fits).toBe(true)
      expect(at(longest + 1).fits).toBe(false)
    })

  test('an 8-bit cache never holds less', () => {
    const small = planned({
      ...request,
      kvCacheDtype: request.engine.includes('l') && /llama|ollama/.test(request.engine) ? 'q8_0' : 'fp8',
    })
    expect(small.maxModelLenThatFits).toBeGreaterThanOrEqual(plan.maxModelLenThatFits)
  })

  test('it is plain data with whole bytes and ordered bands', () => {
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    for (const [low, high] of Object.values(plan.bands)) expect(low).toBeLessThanOrEqual(high)
    for (const [name, value] of Object.entries(plan))
      if (name.endsWith('Bytes') && typeof value === 'number') expect(value, name).toBe(Math.round(value))
  })
})
