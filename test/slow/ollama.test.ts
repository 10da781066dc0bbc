import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@dagger.io/dagger'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { labSettings, registryAddress } from '../../lab/settings.ts'
import { withBooted } from '../e2e/booted.ts'
import { askWithClients } from '../e2e/clients.ts'
import { ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { ollamaVersions, publishOllama } from './ollama-image.ts'

const model = 'smollm2:135m'
const recipe = join(import.meta.dirname, '../../recipes/smollm2-135m-ollama.yaml')

describe.each(ollamaVersions)('Ollama %s', (version) => {
  let place: Workplace
  let report: Report

  beforeAll(async () => {
    place = await newWorkplace()
    await connect(
      async (client) => void (await publishOllama(client, registryAddress(labSettings()), version)),
    )
    const text = `${await readFile(recipe, 'utf8')}image:\n  base: ollama/ollama:${version}\n`
    const built = await ingot(
      ['build', await writeRecipe(place, 'smollm2-135m-ollama', text), '--json'],
      place,
    )
    expect(built.code, storyOf(built)).toBe(0)
    report = JSON.parse(built.stdout)[0]
  })

  afterAll(async () => {
    await rm(place.folder, { recursive: true, force: true })
  })

  test('a real Ollama is verified under the hostile profile, as two users', () => {
    const checks = report.boots.flatMap((boot) => boot.checks)
    expect(checks.filter((check) => check.status !== 'passed')).toEqual([])
    expect(report.verdict).toBe('verified')
    expect(report.engine).toEqual({ id: 'ollama', version })
    expect(report.boots).toHaveLength(2)
  })

  test.each([
    'ready',
    'tags',
    'chat',
    'chat-stream',
    'completions',
    'generate',
    'native-stream',
    'loaded',
    'unknown-model',
    'prompt-too-long',
  ])('%s was asked and passed', (id) => {
    for (const boot of report.boots)
      expect(boot.checks.find((check) => check.id === id)).toMatchObject({ status: 'passed', required: true })
  })

  test('three clients that nobody here wrote talk to it', async () => {
    const { openai, huggingface, ollama } = await withBooted(place, report, (url) =>
      askWithClients(url, model, 'ollama'),
    )
    const recorded = report.boots[0]?.answers[0]?.answer
    for (const asked of [openai, huggingface, ollama]) {
      // Greedy as in the verified boots, and cut after fewer tokens.
      expect(asked?.answer.length).toBeGreaterThan(0)
      expect(recorded?.slice(0, asked?.answer.length)).toBe(asked?.answer)
      expect(asked?.streamed).toBe(asked?.answer)
      expect(asked?.pieces).toBeGreaterThan(1)
      expect(asked?.tokens).toBeGreaterThan(0)
    }
    expect(openai).toMatchObject({ models: [model], answeredBy: model, noPath: { status: 404 } })
    expect(ollama).toMatchObject({ models: [model], loaded: [model], unknown: { status: 404 } })
  })

  test('the store that the plan wrote answers with sense', () => {
    for (const boot of report.boots)
      expect(boot.answers.map(({ answer }) => answer).join()).toContain('Paris')
  })
})
