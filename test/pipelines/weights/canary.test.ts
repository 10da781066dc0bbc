import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { contextFor, sampleBytes, scratchFolder } from './scratch.ts'

// Child processes and synced files take their time on a machine that does other work.
vi.setConfig({ testTimeout: 120_000 })

// Characters that base64 and URLs write differently, so that each form is a text of its own.
const canary = 'hf_c4nary+Token/4b~Ω'.replace('Ω', '=')
const program = resolve(import.meta.dirname, 'programs/pack.ts')

/** The token as it is, in base64 at each of the three alignments, in URL form, and in hex. */
function formsOf(secret: string): string[] {
  const aligned = [0, 1, 2].map((shift) => {
    const text = Buffer.from(' '.repeat(shift) + secret).toString('base64')
    // The first and last group depend on what is around the secret.
    return text.slice(4, -4)
  })
  const url = aligned.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  return [
    ...new Set([secret, encodeURIComponent(secret), Buffer.from(secret).toString('hex'), ...aligned, ...url]),
  ]
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Where any form of the canary occurs. */
function leaksIn(places: Record<string, string | Buffer>): string[] {
  const forms = formsOf(canary)
  return Object.entries(places).flatMap(([place, content]) =>
    forms.filter((form) => content.includes(form)).map((form) => `${form} in ${place}`),
  )
}

test('the search itself finds every form', () => {
  const forms = [
    canary,
    `Basic ${Buffer.from(`user:${canary}`).toString('base64')}`,
    `?token=${encodeURIComponent(canary)}`,
  ]
  for (const form of forms) expect(leaksIn({ form })).not.toEqual([])
})

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
    const files = await filesBelow(store)
    const places = Object.fromEntries(
      await Promise.all(files.map(async (path) => [path, await readFile(path)])),
    )
    expect(files.length).toBeGreaterThan(1)
    expect(
      leaksIn({
        locked,
        stdout: run.stdout,
        stderr: run.stderr,
        names: files.join('\n'),
        arguments: program,
        ...places,
      }),
    ).toEqual([])
  },
)
