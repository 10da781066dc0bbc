import { expect, test } from 'vitest'
import type { RunnerFacts } from '../../../images/boot/runner-facts.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { unmetRequirements } from '../../../images/plan/requirements.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

function planFor(gpu: string | undefined) {
  const recipe = recipeFor('llama-cpp', ({ engine, target }) => {
    engine.device = 'rocm'
    target.gpu = gpu
  })
  return planImage(recipe, lockFor(recipe))
}

const machine: RunnerFacts = {
  runner: 'docker',
  version: '28',
  kernel: '6.12',
  cpus: 8,
  memoryBytes: 64e9,
  gpus: [],
  driver: null,
  cuda: null,
}

function unmetWith(processors: readonly (string | undefined)[], gpu: string | undefined) {
  const gpus = processors.map((processor) => ({
    ...{ name: 'AMD card', memoryBytes: 0, capability: null },
    ...(processor === undefined ? {} : { processor }),
  }))
  const { requires } = planFor(gpu)
  return unmetRequirements(requires ?? { gpus: 0 }, { ...machine, gpus }, gpus.length).map(
    ({ found }) => found,
  )
}

test('an image for a card asks for its processor, and one for none for any that its libraries have code for', () => {
  expect(planFor('w7900').requires).toMatchObject({ api: 'rocm', gpus: 1, processors: ['gfx1100'] })
  expect(planFor(undefined).requires?.processors).toContain('gfx1030')
})

test.each([
  [['gfx1100'], 'rx-7900-xtx', []],
  // A processor with a GPU of its own beside the card.
  [['gfx1036', 'gfx1100'], 'rx-7900-xtx', []],
  [['gfx1030'], undefined, []],
  [['gfx1030'], 'rx-7900-xtx', ['the GPUs here are gfx1030 and the image has code for gfx1100']],
  [[undefined], 'rx-7900-xtx', ['the kernel shows no GPU that ROCm computes on (/dev/kfd)']],
  [[], 'rx-7900-xtx', ['the image needs 1 GPU and gets none']],
])('a machine with %j, an image for %s: %j', (processors, gpu, found) => {
  expect(unmetWith(processors, gpu)).toEqual(found)
})

test('all layers go to the card, the log says so, and what HIP compiles is kept where any user may write', () => {
  const { config, verify } = planFor('rx-7900-xtx')
  const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].join(' ')
  expect(command).toContain('--n-gpu-layers 999')
  expect(config.Env).toEqual(
    expect.arrayContaining(['AMD_COMGR_CACHE_DIR=/tmp/comgr', 'LLAMA_ARG_LOG_VERBOSITY=4']),
  )
  expect(config.Env?.join('\n')).not.toContain('NVIDIA')
  const line = 'load_tensors:        ROCm0 model buffer size =    92.10 MiB'
  expect(new RegExp(verify.behaviour.gpu?.bufferLines ?? 'none').exec(line)?.groups).toEqual({
    device: 'ROCm0',
    mib: '92.10',
  })
})
