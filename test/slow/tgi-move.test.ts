import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, ReturnType } from '@dagger.io/dagger'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BootReport } from '../../images/boot/boot-report.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import { labSettings, registryAddress } from '../../lab/settings.ts'
import { daggerRunner } from '../../pipelines/boot/dagger.ts'
import { serveStore } from '../../pipelines/registry-server/server.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { readRecord } from '../../pipelines/store/record.ts'
import { verifyImage } from '../../pipelines/verify/verify.ts'
import { ingot, newWorkplace, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { toolPath } from '../tools/find.ts'
import { tgiBase, tgiImage } from './tgi-image.ts'

let place: Workplace
let report: Report
let boots: BootReport[]
let before: { exitCode: number; said: string }

/** No tensor and no real tokenizer: the stand-in for TGI's server answers the same words to everything. */
const model = {
  'config.json': '{"model_type": "llama"}',
  'tokenizer.json': '{}',
  'model.safetensors': Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]),
}

/** Port 80, as the well-known deployment has it, for a user who is not root. */
const text = `name: tgi-move
model: { name: tiny, license: Apache-2.0 }
engine: { id: tgi, version: 3.3.7, device: cuda }
weights:
  source: { type: folder, path: model }
serving: { port: 80, contextLength: 2048, maxInputTokens: 1024 }
image: { base: "${tgiBase}" }
verify: { startTimeoutSeconds: 60 }
`

beforeAll(async () => {
  toolPath('podman')
  place = await newWorkplace()
  await mkdir(join(place.folder, 'model'))
  for (const [name, content] of Object.entries(model))
    await writeFile(join(place.folder, 'model', name), content)
  await connect(async (client) => {
    const image = await tgiImage(client)
    await image.publish(`${registryAddress(labSettings())}/${tgiBase}`)
    const tried = image
      .withUser('54321:54321')
      .withExec(['/usr/local/bin/text-generation-router'], { expect: ReturnType.Any })
    before = { exitCode: await tried.exitCode(), said: await tried.stderr() }
  })
  const built = await ingot(
    ['build', await writeRecipe(place, 'tgi-move', text), '--no-verify', '--json'],
    place,
  )
  expect(built.code, built.stderr).toBe(0)
  report = JSON.parse(built.stdout)[0]
  boots = await boot()
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

/** Boots without the GPU that the plan asks for: the stand-in computes nothing. */
async function boot(): Promise<BootReport[]> {
  const store = await openStore(place.store)
  const registry = await serveStore(store, {})
  const found: BootReport[] = []
  try {
    // `ingot build` stored it.
    const { requires: _, ...plan } = (await readRecord(store, 'plan', report.plan)) as ImagePlan
    await connect(async (client) => {
      const runner = daggerRunner({ client, store, registryPort: registry.port, platform: plan.platform })
      found.push(...(await verifyImage(report.image, plan, { runner, onStep: () => undefined })))
    })
  } finally {
    await registry.close()
    await closeStore(store)
  }
  return found
}

test('the image as it comes does not start for another user', () => {
  expect(before.exitCode).not.toBe(0)
  expect(before.said).toContain('libpython3.11.so.1.0')
})

test('the report says that ingot did not boot it, as no GPU is here', () => {
  expect(report).toMatchObject({ verdict: 'not booted', engine: { id: 'tgi', version: '3.3.7' } })
})

/** What a driver from before CUDA 12 says of a Volta card. */
const oldMachine = `#!/bin/sh
case "$*" in
  *compute_cap*) echo '470.57.02, 7.0, 16160, Tesla V100-SXM2-16GB' ;;
  *) echo 'NVIDIA-SMI 470.57.02   Driver Version: 470.57.02   CUDA Version: 11.4' ;;
esac
`

test('a machine whose driver and GPU cannot run it is refused before anything is booted', async () => {
  const folder = join(place.folder, 'bin')
  await mkdir(folder)
  await writeFile(join(folder, 'nvidia-smi'), oldMachine, { mode: 0o755 })
  const PATH = `${folder}:${process.env['PATH']}`
  const verified = await ingot(['verify', 'tgi-move', '--runner', 'podman', '--gpus', 'all'], {
    ...place,
    environment: { ...place.environment, PATH },
  })
  expect(verified.code).toBe(3)
  expect(verified.stderr).toContain('the NVIDIA driver is 470.57.02 and the image needs 525')
  expect(verified.stderr).toContain('has compute capability 7.0 and the image needs 8.0')
  expect(verified.stderr).not.toContain('boot as')
})

test('after the move it starts and answers everything under the hostile profile, as two users, on port 80', () => {
  expect(boots.map(({ identity }) => identity)).toEqual([
    { uid: 54321, gid: 0 },
    { uid: 54321, gid: 54321 },
  ])
  for (const { checks, logTail } of boots)
    expect(
      checks.filter((check) => check.required && check.status !== 'passed'),
      logTail,
    ).toEqual([])
})
