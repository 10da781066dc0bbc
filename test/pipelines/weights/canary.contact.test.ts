import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { leaksBelow, leaksIn } from '../../leaks.ts'
import { scratchFolder } from '../../scratch.ts'
import { contextFor, sampleBytes } from './samples.ts'

// Child processes and synced files take their time on a machine that does other work.
vi.setConfig({ testTimeout: 120_000 })

// Characters that base64 and URLs write differently, so that each form is a text of its own.
const canary = 'hf_c4nary+Token/4b~='
const program = resolve(import.meta.dirname, 'programs/pack.ts')

const runs: [string, Parameters<typeof repoOf>[2]][] = [
  ['a run that succeeds', { gated: 'auto', tokens: [canary], access: [canary] }],
  ['a licence that was not accepted', { gated: 'auto', tokens: [canary], access: [] }],
  ['a token that is refused', { tokens: ['another'] }],
]

test.each(runs)(
  '%s leaves no form of the token in lock, store, records, names or output',
  async (_, options) => {
    const repo = repoOf(
      'acme/secret',
      { 'config.json': '{}', 'model.gguf': sampleBytes(300_000, 'w') },
      { license: 'mit' },
    )
    const open = await startHub([repo])
    onTestFinished(() => open.close())
    const locked = JSON.stringify(
      await inventoryWeights(
        { type: 'huggingface', repo: 'acme/secret', revision: 'main' },
        contextFor({ HF_ENDPOINT: open.url, HF_TOKEN: canary }),
      ),
    )
    const hub = await startHub([{ ...repo, ...options }])
    onTestFinished(() => hub.close())
    const store = join(await scratchFolder(), 'store')
    const env = { PATH: process.env['PATH'], HF_ENDPOINT: hub.url, HF_TOKEN: canary, HOME: '/nonexistent' }
    const run = await promisify(execFile)(process.execPath, [program, locked, store], { env }).catch(
      (error) => error,
    )
    const { files, leaks } = await leaksBelow(store, canary)
    expect(files).toBeGreaterThan(1)
    const { stdout, stderr } = run
    expect([...leaks, ...leaksIn({ locked, stdout, stderr }, canary)]).toEqual([])
  },
)
