import { expect, test } from 'vitest'
import { engines } from '../../../images/engines/engines.ts'
import { deploymentFor, recipeFor } from './fixtures.ts'

/** What NVIDIA's container toolkit injects, by device. */
const driverParts = {
  cpu: undefined,
  cuda: 'compute,utility',
  vulkan: 'compute,utility,graphics',
  rocm: undefined,
} as const

const cases = engines.flatMap((engine) => engine.runtimes.map(({ device }) => [engine, device] as const))

test.each(cases)(
  '$id asks for the drivers of NVIDIA where it computes on such a GPU, and only there: %s',
  (engine, device) => {
    const { runtime, ...rest } = deploymentFor(recipeFor(engine.id))
    const env = engine.environment({ ...rest, runtime: { ...runtime, device } })
    const parts = driverParts[device]
    expect(env['NVIDIA_VISIBLE_DEVICES']).toBe(parts === undefined ? undefined : 'all')
    expect(env['NVIDIA_DRIVER_CAPABILITIES']).toBe(parts)
  },
)
