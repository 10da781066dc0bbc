import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BootReport } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import { assembleImage } from '../../images/oci/oci.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import type { Digest } from '../../lib/digest.ts'
import { containerRunner } from '../../pipelines/boot/container.ts'
import { daggerRunner } from '../../pipelines/boot/dagger.ts'
import type { Runner } from '../../pipelines/boot/runner.ts'
import { type LazyEngine, lazyEngine } from '../../pipelines/process/session.ts'
import { type Registry, serveStore } from '../../pipelines/registry-server/server.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { readImageConfig, readImageManifest } from '../../pipelines/store/image.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { readRecord } from '../../pipelines/store/record.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { verifyImage } from '../../pipelines/verify/verify.ts'
import { storeImage } from '../pipelines/store/store-image.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace } from './ingot.ts'
import { type PodmanPlace, podmanPlace } from './podman-place.ts'

let place: Workplace
let podman: PodmanPlace
let store: Store
let registry: Registry
let engine: LazyEngine
let report: Report
let plan: ImagePlan
const runners: Partial<Record<'dagger' | 'podman', Runner>> = {}

beforeAll(async () => {
  place = await newWorkplace()
  podman = await podmanPlace()
  const built = await ingot(['build', demoRecipe, '--no-verify', '--json'], place)
  expect(built.code, built.stderr).toBe(0)
  // `ingot build` printed and stored them.
  report = (JSON.parse(built.stdout) as Report[])[0] as Report
  store = await openStore(place.store)
  plan = (await readRecord(store, 'plan', report.plan)) as ImagePlan
  registry = await serveStore(store, {})
  const registryPort = registry.port
  engine = lazyEngine(readSettings(process.env), join(place.folder, 'engine.log'))
  const { platform } = plan
  runners.dagger = daggerRunner({ client: await engine.client(), store, registryPort, platform })
  const tool = { name: 'podman', ...readSettings(podman.environment).programs } as const
  runners.podman = await containerRunner({ tool, store, registryPort, gpus: null, memoryBytes: null })
})

afterAll(async () => {
  await engine?.close()
  await registry?.close()
  if (store) await closeStore(store)
  await podman?.close()
})

/** Boots an image under the plain profile. What else it answers, the build has asked. */
async function verified(name: 'dagger' | 'podman', image: Digest): Promise<BootReport> {
  const runner = runners[name]
  if (runner === undefined) throw new Error(`no ${name}`)
  const behaviour = { ...plan.verify.behaviour, probes: [] }
  const plain = {
    ...plan,
    verify: { ...plan.verify, profiles: ['plain' as const], prompts: [], behaviour },
  }
  const [boot] = await verifyImage(image, plain, { runner, onStep: () => undefined })
  if (boot === undefined) throw new Error('nothing was booted')
  return boot
}

/** The image that was built, started in another way. */
async function startedBy(change: (entrypoint: string[], env: string[]) => [string[], string[]]) {
  const { config, rootfs } = await readImageConfig(store, report.image)
  const { layers } = await readImageManifest(store, report.image)
  const stored = layers.map((descriptor, index) => ({
    descriptor,
    diffId: rootfs.diff_ids[index] ?? descriptor.digest,
    cause: 'as built',
  }))
  const [Entrypoint, Env] = change(config.Entrypoint ?? [], config.Env ?? [])
  return storeImage(store, assembleImage(stored, { ...config, Entrypoint, Env }, plan.platform, {}))
}

function find(boot: BootReport | undefined, id: string): CheckResult | undefined {
  return boot?.checks.find((check) => check.id === id)
}

const stops = ['stop-streaming', 'stop-plain', 'graceful-stop', 'stop-loading']

test.each(['dagger', 'podman'] as const)('%s: llama-server stops as its definition says', async (name) => {
  const boot = await verified(name, report.image)
  expect(boot.checks.filter(({ status }) => status !== 'passed')).toEqual([])
  const observed = stops.map((id) => find(boot, id)?.observed.replace(/\d+ ms/, 'n ms'))
  expect(observed).toEqual(stops.map(() => 'exit 0 after n ms'))
  expect(boot.stops?.map(({ occasion }) => occasion)).toEqual(['streaming', 'plain', 'idle', 'loading'])
})

test.each(['dagger', 'podman'] as const)(
  '%s: without its init llama-server hears nothing while it loads, and never ends a plain request',
  async (name) => {
    const image = await startedBy((entrypoint, env) => [
      entrypoint.slice(entrypoint.indexOf('/usr/bin/llama-server')),
      env,
    ])
    const boot = await verified(name, image)
    for (const id of ['stop-plain', 'stop-loading'])
      expect(find(boot, id)).toMatchObject({
        status: 'failed',
        observed: 'ignored: still there after 10 s, then killed',
      })
  },
)

test.each([
  ['dagger', 'an argument'],
  ['podman', 'an argument'],
  ['dagger', 'the environment'],
  ['podman', 'the environment'],
] as const)('%s: a llama-server that listens on loopback only by %s fails', async (name, way) => {
  const image = await startedBy((entrypoint, env) =>
    way === 'an argument'
      ? [[...entrypoint, '--host', '127.0.0.1'], env]
      : [withoutHost(entrypoint), [...env, 'LLAMA_ARG_HOST=127.0.0.1']],
  )
  const boot = await verified(name, image)
  expect(find(boot, 'ready')?.observed).toMatch(
    /^it listens on loopback only \(127\.0\.0\.1:8080\): nobody can reach it through the published port; last answer: /,
  )
})

function withoutHost(entrypoint: string[]): string[] {
  const at = entrypoint.indexOf('--host')
  return entrypoint.toSpliced(at, 2)
}
