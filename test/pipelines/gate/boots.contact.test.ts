import { expect, test } from 'vitest'
import { digestOf } from '../../../lib/digest.ts'
import type { Runner } from '../../../pipelines/boot/runner.ts'
import { bootParts } from '../../../pipelines/gate/boots.ts'
import { serve } from '../../servers/openai.ts'
import { runnerOf } from '../../servers/runner.ts'
import { plan } from '../verify/plan.ts'

const images = { stock: digestOf('stock'), slim: digestOf('slim') }
const gpus = [{ name: 'NVIDIA H100', memoryBytes: 80e9, capability: 9 }]
const gpuPlan = {
  ...plan,
  slimming: { rules: [], rewriting: { targets: ['sm_90'], symbols: true, bytecode: false } },
  requires: { gpus: 1 },
}

/** A small real server for each boot; only what the driver would have kept is given. */
function runnerFor(caches: Record<keyof typeof images, string>): Runner {
  const machine = { gpus, driver: '580.0', cuda: '13.0' }
  const [slim, stock] = (['slim', 'stock'] as const).map((which) =>
    runnerOf(() => serve(), { gpus: 1, machine, computeCache: caches[which] }),
  )
  if (slim === undefined || stock === undefined) throw new Error('no runner')
  return {
    ...slim,
    boot: (request, use) => (request.image === images.slim ? slim : stock).boot(request, use),
  }
}

function gate(runner: Runner, given: Parameters<typeof bootParts>[0]) {
  return bootParts(
    given,
    { image: images.slim, mounts: [] },
    {
      runner,
      stock: async () => ({ image: images.stock, mounts: [] }),
      cutLibraries: ['/opt/a.so'],
      onStep: () => undefined,
      signal: AbortSignal.timeout(60_000),
    },
  )
}

const cache = (...modules: string[]) =>
  [
    'folder\t/tmp/nv',
    'place\town',
    'compiler\t1',
    ...modules.map((module) => `module\t${module}`),
    'end',
  ].join('\n')

const ptxOf = async (...given: Parameters<typeof gate>) =>
  (await gate(...given)).parts.find(({ id }) => id === 'ptx')

test('with a GPU what the driver kept of each boot is compared', async () => {
  const same = cache('100\t0/7/a')
  expect(await ptxOf(runnerFor({ stock: same, slim: same }), gpuPlan)).toMatchObject({ status: 'passed' })
})

test('a slimmed image that compiles more fails, with the libraries that were cut', async () => {
  const runner = runnerFor({ stock: cache('100\t0/7/a'), slim: cache('100\t0/7/a', '30\tf/1/b') })
  const part = await ptxOf(runner, gpuPlan)
  expect(part?.status).toBe('failed')
  expect(part?.found).toContain('1 module (30 B) with it alone')
  expect(part?.details.join()).toContain('/opt/a.so')
})

test('a runner that cannot look inside makes the part one that did not run', async () => {
  expect(await ptxOf(runnerFor({ stock: '', slim: cache() }), gpuPlan)).toMatchObject({ status: 'not run' })
})

test('without a GPU nothing is booted, and the parts say why', async () => {
  const runner = { ...runnerFor({ stock: '', slim: '' }), gpus: 0 }
  const { stockImage, parts } = await gate(runner, gpuPlan)
  expect(stockImage).toBeNull()
  expect(parts.map(({ id, status }) => [id, status])).toEqual(
    ['answers', 'start-up', 'missing', 'ptx'].map((id) => [id, 'not run']),
  )
})

test('an image for CPUs has no such part to run', async () => {
  const { requires: _, ...cpuPlan } = gpuPlan
  const runner = { ...runnerFor({ stock: '', slim: '' }), gpus: 0 }
  expect(await ptxOf(runner, cpuPlan)).toMatchObject({ status: 'skipped' })
})
