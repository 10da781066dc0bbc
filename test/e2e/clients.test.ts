import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ImagePlan } from '../../images/plan.ts'
import type { Report } from '../../images/report.ts'
import { bootProfiles } from '../../images/runtime-spec.ts'
import { daggerRunner } from '../../pipelines/boot/dagger.ts'
import { serveStore } from '../../pipelines/registry/server.ts'
import { lazyEngine } from '../../pipelines/session.ts'
import { readRecord } from '../../pipelines/store/record.ts'
import { closeStore, openStore } from '../../pipelines/store/store.ts'
import { usualLimits } from '../../pipelines/verify/limits.ts'
import { waitUntilReady } from '../../pipelines/verify/readiness.ts'
import { ensurePython, pythonJson } from '../python.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace } from './ingot.ts'

interface Answered {
  answer: string
  tokens: number
  pieces: number
  streamed: string
  tooLong: { type: string; status: number; text: string }
}

interface Clients {
  openai: Answered & {
    models: string[]
    answeredBy: string
    finish: string
    streamedTokens: number[]
    completion: string
    noMessages: Answered['tooLong']
    noPath: Answered['tooLong']
  }
  huggingface: Answered
}

const model = 'smollm2-135m-instruct'
let place: Workplace
let clients: Clients

beforeAll(async () => {
  const python = await ensurePython(['openai==3.54.0', 'huggingface_hub==2.4.0'])
  place = await newWorkplace()
  const built = await ingot(['build', demoRecipe, '--no-verify', '--json'], place)
  expect(built.code, built.stderr).toBe(0)
  // clients.py prints this shape.
  clients = (await withBooted(JSON.parse(built.stdout)[0], (url) =>
    pythonJson(python, [join(import.meta.dirname, 'clients.py'), url, model]),
  )) as Clients
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

/** Boots the image under the hostile profile and gives its address once it is ready. */
async function withBooted<Result>(report: Report, use: (url: string) => Promise<Result>): Promise<Result> {
  const store = await openStore(place.store)
  const registry = await serveStore(store, {})
  const engine = lazyEngine(join(place.folder, 'engine.log'))
  try {
    // `ingot build` stored it.
    const plan = (await readRecord(store, 'plan', report.plan)) as ImagePlan
    const [profile] = bootProfiles(['hostile'], plan.sharedMemoryBytes)
    if (profile === undefined) throw new Error('no profile')
    const client = await engine.client()
    const runner = daggerRunner({ client, store, registryPort: registry.port, platform: plan.platform })
    return await runner.boot({ image: report.image, profile, port: plan.port }, async (server) => {
      const clock = { now: () => performance.now() }
      const ready = await waitUntilReady({ server, plan, clock, limits: usualLimits })
      expect(ready.status, ready.observed).toBe('passed')
      return use(server.url)
    })
  } finally {
    await engine.close()
    await registry.close()
    await closeStore(store)
  }
}

test.each(['openai', 'huggingface'] as const)(
  '%s: whole and streamed greedy answers are the same text',
  (name) => {
    const { answer, streamed, tokens, pieces } = clients[name]
    expect(answer.toLowerCase()).toContain('paris')
    expect(streamed).toBe(answer)
    expect(tokens).toBeGreaterThan(0)
    expect(pieces).toBeGreaterThan(1)
  },
)

test('both clients get the same answer', () => {
  expect(clients.openai.answer).toBe(clients.huggingface.answer)
})

test('openai: models, usage and completions', () => {
  const { models, answeredBy, finish, tokens, streamedTokens, completion } = clients.openai
  expect(models).toEqual([model])
  expect(answeredBy).toBe(model)
  expect(finish).toBe('stop')
  expect(streamedTokens).toEqual([tokens])
  expect(completion.trim()).not.toBe('')
})

test('openai: errors are of the class that their status means', () => {
  const { tooLong, noMessages, noPath } = clients.openai
  expect(tooLong).toMatchObject({ type: 'BadRequestError', status: 400 })
  expect(tooLong.text).toContain('exceeds the available context size')
  expect(noMessages).toMatchObject({ type: 'BadRequestError', status: 400 })
  expect(noPath).toMatchObject({ type: 'NotFoundError', status: 404 })
})

test('huggingface: a refused prompt is an error with the words of the server', () => {
  expect(clients.huggingface.tooLong).toMatchObject({ type: 'BadRequestError', status: 400 })
})
