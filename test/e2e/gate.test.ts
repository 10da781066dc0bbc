import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GatePart, GateResult } from '../../images/gate/result.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import { daggerRunner } from '../../pipelines/boot/dagger.ts'
import { runGate } from '../../pipelines/gate/gate.ts'
import { lazyEngine } from '../../pipelines/process/session.ts'
import { serveStore } from '../../pipelines/registry-server/server.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { readRecord } from '../../pipelines/store/record.ts'
import { resolveReference } from '../../pipelines/store/reference.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { deploymentFor, readRecipe } from '../images/engines/fixtures.ts'
import { withDamage } from './damaged-image.ts'
import { demoRecipe, ingot, newWorkplace, type Run, type Workplace } from './ingot.ts'

let place: Workplace
let gated: Run
let report: Report
let store: Store

beforeAll(async () => {
  place = await newWorkplace()
  // The lock is written by `ingot lock`, so that the gate is what builds both images.
  expect((await ingot(['lock', demoRecipe], place)).code).toBe(0)
  gated = await ingot(['gate', demoRecipe, '--json'], place)
  expect(gated.stdout, gated.stderr).toContain('"gate"')
  report = JSON.parse(gated.stdout)
  store = await openStore(place.store)
})

afterAll(async () => {
  await closeStore(store)
  await rm(place.folder, { recursive: true, force: true })
})

const partOf = (gate: GateResult | undefined, id: GatePart['id']) =>
  gate?.parts.find((part) => part.id === id)

describe('llama.cpp against its stock build', () => {
  test.each(['files', 'loading', 'imports', 'flags', 'answers'] as const)('%s: as good as stock', (id) => {
    const part = partOf(report.gate, id)
    expect(part?.status, JSON.stringify(part)).toBe('passed')
  })

  test('every object of the image was loaded', () => {
    const count = Number(/^(\d+) objects load/.exec(partOf(report.gate, 'loading')?.found ?? '')?.[1])
    expect(count).toBeGreaterThan(20)
  })

  test('the server that was built knows every flag that it is started with', () => {
    expect(partOf(report.gate, 'flags')?.found).toMatch(
      /^\d{2} flags of the command line are known .*; 0 are not$/,
    )
  })

  test('an image for CPUs has no PTX to compile', () => {
    expect(partOf(report.gate, 'ptx')?.status).toBe('skipped')
  })

  test('start-up was measured; whether it is as fast, the exit code says', () => {
    const part = partOf(report.gate, 'start-up')
    expect(part?.found).toMatch(/of stock \(medians of \d+ and \d+ boots\)$/)
    expect(gated.code).toBe(part?.status === 'passed' ? 0 : 1)
  })

  test('the stock image has a name of its own and does not take that of the slimmed one', async () => {
    const [slim, stock] = await Promise.all([
      resolveReference(store, `${report.name}:latest`),
      resolveReference(store, `${report.name}-stock:latest`),
    ])
    expect(slim?.digest).toBe(report.image)
    expect(stock?.digest).toBe(report.gate?.stockImage)
    expect(stock?.digest).not.toBe(report.image)
  })

  test('the stored report has the result, and its text tells it', async () => {
    const stored = await readRecord(store, 'report-markdown', report.plan)
    expect(JSON.stringify(stored)).toContain(`Gate: ${report.gate?.status}`)
    const again = await ingot(['build', demoRecipe, '--no-verify'], place)
    expect(again.stdout).toContain(`gate: ${report.gate?.status}`)
    expect(again.stdout.trimEnd().split('\n').at(-1)).toBe(report.image)
  })

  test('`build --no-slim` finds the stock image made', async () => {
    const stock = await ingot(['build', demoRecipe, '--no-slim', '--no-verify'], place)
    expect(stock.code, stock.stderr).toBe(0)
    expect(stock.stdout.trimEnd().split('\n').at(-1)).toBe(report.gate?.stockImage)
  })
})

test('an image with a damaged library fails in files, loading and answers', async () => {
  const damaged = await withDamage(store, report.image, /libggml-base\.so[.\d]*$/, (content) =>
    content.subarray(0, content.length / 2),
  )
  // `ingot gate` has built it.
  const plan = (await readRecord(store, 'plan', report.plan)) as ImagePlan
  const engine = lazyEngine(readSettings(process.env), join(place.folder, 'engine.log'))
  const registry = await serveStore(store)
  try {
    const client = await engine.client()
    const context = {
      client,
      store,
      registryPort: registry.port,
      platform: plan.platform,
      settings: readSettings(place.environment),
    }
    const gate = await runGate(
      plan,
      { image: damaged.image, mounts: [] },
      {
        ...context,
        deployment: deploymentFor(readRecipe('smollm2-135m-llama-cpp.yaml')),
        runner: daggerRunner(context),
        stock: async () => ({ image: report.gate?.stockImage ?? report.image, mounts: [] }),
        cutLibraries: [],
        onStep: () => undefined,
        signal: AbortSignal.timeout(600_000),
      },
    )
    expect(gate.status).toBe('failed')
    for (const id of ['files', 'loading', 'answers', 'start-up'] as const)
      expect(partOf(gate, id)?.status, id).toBe('failed')
    expect(partOf(gate, 'files')?.details).toEqual([damaged.path])
    const worse = partOf(gate, 'loading')?.details.filter((detail) => !detail.startsWith('in neither'))
    expect(worse?.length).toBeGreaterThan(1)
    expect(worse?.join()).toContain(damaged.path)
  } finally {
    await registry.close()
    await engine.close()
  }
})
