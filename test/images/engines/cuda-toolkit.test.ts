import { expect, test } from 'vitest'
import { deploymentOf } from '../../../images/engines/deployment.ts'
import { engineOf } from '../../../images/engines/engines.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Lock } from '../../../recipes/lock.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor, recipeFor } from './fixtures.ts'

type Versions = Record<string, string>

/** What the index resolved to on 2026-12-01, for SGLang 0.5.23 without and with the toolkit that torch pins. */
const mixed: Versions = {
  'nvidia-cuda-nvcc': '13.5.37',
  'nvidia-cuda-crt': '13.5.37',
  'nvidia-nvvm': '13.5.37',
  'nvidia-cuda-runtime': '13.0.96',
}
const whole: Versions = {
  'nvidia-cuda-nvcc': '13.0.88',
  'nvidia-cuda-crt': '13.0.88',
  'nvidia-nvvm': '13.0.88',
  'nvidia-cuda-runtime': '13.0.96',
}

function withWheels(lock: Lock, versions: Versions): Lock {
  if (lock.runtime.type !== 'python') return lock
  const wheel = { filename: 'any.whl', sizeBytes: 1, sha256: '0'.repeat(64) }
  const distributions = Object.entries(versions).map(([name, version]) => ({
    name,
    version,
    wheels: [wheel],
  }))
  return { ...lock, runtime: { ...lock.runtime, distributions } }
}

function homeOf(id: EngineId, engine: Partial<Recipe['engine']>, versions: Versions): string | undefined {
  const recipe = recipeFor(id, (draft) => {
    draft.engine = { ...draft.engine, ...engine }
  })
  const deployment = deploymentOf(recipe, withWheels(lockFor(recipe), versions), engineOf(id))
  return deployment.engine.environment(deployment)['CUDA_HOME']
}

const wheels = { runtime: 'packages', device: 'cuda' } as const

test.each(['vllm', 'sglang'] as const)(
  '%s from wheels compiles kernels with the toolkit among them',
  (id) => {
    expect(homeOf(id, wheels, whole)).toBe(`/opt/${id}/lib/python3.11/site-packages/nvidia/cu13`)
  },
)

test.each([
  ['of two releases', mixed],
  ['without a compiler', { 'nvidia-cuda-runtime': '13.0.96' }],
  ['without any part', {}],
])('a toolkit %s is not named: what it switches on would end the server', (_, versions) => {
  expect(homeOf('sglang', wheels, versions)).toBeUndefined()
})

test('on a CPU, and in an official image, which brings its own, none is named', () => {
  expect(homeOf('vllm', { runtime: 'packages', device: 'cpu' }, whole)).toBeUndefined()
  expect(homeOf('sglang', { runtime: 'upstream', device: 'cuda' }, whole)).toBeUndefined()
})

test('it is asked for beside the engine, so that all its parts come in the release that torch pins', () => {
  for (const id of ['vllm', 'sglang'] as const) {
    const sources = engineOf(id).runtimes.flatMap(({ device, source }) =>
      source.type === 'python' ? [{ device, toolkit: source.toolkit }] : [],
    )
    for (const { device, toolkit } of sources)
      expect(toolkit).toEqual(device === 'cuda' ? ['cuda-toolkit[nvcc,cccl]'] : [])
  }
})
