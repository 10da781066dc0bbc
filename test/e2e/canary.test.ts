import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { diskFileFrom } from '../hub/disk.ts'
import type { Hub } from '../hub/hub.ts'
import { type HubRepo, repoOf } from '../hub/repo.ts'
import { startHub } from '../hub/server.ts'
import { startVault, type Vault } from '../hub/vault.ts'
import { leaksBelow, leaksIn, watchArguments } from '../leaks.ts'
import { demoRecipe, ingot, lockText, newWorkplace, type Run, type Workplace, writeRecipe } from './ingot.ts'

// Characters that base64 and URLs write differently, so that each form is a text of its own.
const canary = 'hf_c4nary+Token/4b~='
const modelFile = 'SmolLM2-135M-Instruct.Q4_1.gguf'

let hub: Hub
let vault: Vault
let repo: HubRepo
let removeModel: () => Promise<void>

beforeAll(async () => {
  const model = await diskFileFrom(readFileSync(demoRecipe, 'utf8'))
  removeModel = model.remove
  repo = repoOf(
    'acme/gated',
    { 'README.md': '# Gated' },
    {
      license: 'apache-2.0',
      gated: 'auto',
      tokens: [canary],
      access: [canary],
    },
  )
  repo.files.set(modelFile, model.content)
  hub = await startHub([repo])
  vault = await startVault('vault-login', { 'models/hub': { token: canary } })
})

afterAll(async () => {
  await hub.close()
  await vault.close()
  await removeModel()
})

interface Way {
  uri?: string
  environment?: Record<string, string>
  /** Files of the workplace that hold the token. */
  files?: Record<string, string>
}

const ways: Record<string, Way> = {
  HF_TOKEN: { environment: { HF_TOKEN: canary } },
  'env://': { uri: 'env://MY_TOKEN', environment: { MY_TOKEN: canary } },
  'file://': { uri: 'file://secret/token', files: { 'secret/token': `${canary}\n` } },
  'cmd://': { uri: 'cmd://cat "$INGOT_LOCKS/../secret/token"', files: { 'secret/token': canary } },
  'vault://, by Dagger': { uri: 'vault://models/hub.token' },
}

async function workplaceFor({ uri, environment = {}, files = {} }: Way): Promise<Workplace> {
  const place = await newWorkplace()
  onTestFinished(() => rm(place.folder, { recursive: true, force: true }))
  Object.assign(place.environment, {
    HF_ENDPOINT: hub.url,
    HF_TOKEN: undefined,
    HOME: place.folder,
    VAULT_ADDR: vault.url,
    VAULT_TOKEN: 'vault-login',
    ...environment,
  })
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(place.folder, path, '..'), { recursive: true })
    await writeFile(join(place.folder, path), text)
  }
  const source = `  source:\n    type: huggingface\n    repo: acme/gated\n${uri ? `    token: '${uri}'\n` : ''}`
  const text = readFileSync(demoRecipe, 'utf8')
    .replace(/ {2}source:\n(?: {4}.*\n)+/, source)
    .replace('  license: Apache-2.0\n', '  license: Apache-2.0\n  acceptLicense: apache-2.0\n')
  await writeRecipe(place, 'canary', text)
  return place
}

/** Runs commands one after the other, each of which must succeed, and looks for the token everywhere. */
async function runAndSearch(place: Workplace, way: Way, commands: readonly (readonly string[])[]) {
  const stop = await watchArguments()
  const runs: Run[] = []
  for (const args of commands) {
    const run = await ingot(args, place)
    expect(run.code, `${args.join(' ')}: ${run.stderr}`).toBe(0)
    runs.push(run)
  }
  const seen = await stop()
  const except = Object.keys(way.files ?? {}).map((path) => join(place.folder, path))
  const below = await leaksBelow(place.folder, canary, except)
  const printed = runs.flatMap(({ stdout, stderr }) => [stdout, stderr]).join('\n')
  // Every process of the machine is seen, others' too: a finding names the program.
  const processes = seen.map(
    (line, index) => [`the arguments of ${index} ${line.split(' ')[0]}`, line] as const,
  )
  return {
    ...below,
    leaks: [...below.leaks, ...leaksIn({ printed, ...Object.fromEntries(processes) }, canary)],
    seen,
    runs,
  }
}

test.each(Object.entries(ways))(
  'a token by %s reads gated weights and is in no output, layer, record, log or argument',
  async (_, way) => {
    const place = await workplaceFor(way)
    const before = { requests: hub.requests.length, reads: vault.reads }
    const commands = [
      ['lock', 'canary.yaml'],
      ['plan', 'canary.yaml', '--json'],
      ['build', 'canary.yaml', '--json', '--no-verify'],
      ['scan', 'canary.yaml', '--json'],
    ]
    const { files, unpacked, leaks, seen, runs } = await runAndSearch(place, way, commands)
    // A scan afterwards searches for the same token, wherever it is kept.
    const { searchedFor } = JSON.parse(runs.at(-1)?.stdout ?? '')
    const named = Object.keys(way.environment ?? {})[0]
    expect(searchedFor).toContain(named ?? 'weights.source.token')
    expect(leaks).toEqual([])
    // The search had something to search, and the token was needed.
    expect(files).toBeGreaterThan(20)
    expect(unpacked).toBeGreaterThan(3)
    expect(seen.filter((line) => line.includes('canary.yaml')).length).toBeGreaterThan(0)
    expect(await lockText(place)).toContain('"gated": true')
    const asked = hub.requests.slice(before.requests)
    expect(asked.filter(({ path }) => path.startsWith('cdn:')).length).toBeGreaterThan(0)
    expect(asked.filter(({ path, authorized }) => authorized === path.startsWith('cdn:'))).toEqual([])
    expect(vault.reads > before.reads).toBe(way.uri?.startsWith('vault') ?? false)
  },
)

test('booted and reported: no form of the token in reports of any kind and in what runs it', async () => {
  const way = ways['HF_TOKEN'] ?? {}
  const place = await workplaceFor(way)
  const { leaks, files } = await runAndSearch(place, way, [
    ['build', 'canary.yaml'],
    ['verify', 'canary.yaml', '--report', 'reports'],
    ...['docker', 'kubernetes'].map((tool) => ['run-files', 'canary.yaml', '--for', tool]),
  ])
  expect(leaks).toEqual([])
  expect(files).toBeGreaterThan(20)
  // And the same search fails once the token is where it must not be.
  const leak = Buffer.from(`me:${canary}`).toString('base64')
  await writeFile(join(place.store, 'planted'), gzipSync(`{"auth":"${leak}"}`))
  expect((await leaksBelow(place.folder, canary)).leaks).toEqual(['base64 + 0 in store/planted'])
})

test.each([
  ['vault://models/none.token', /none/],
  ['vault://models/hub.other', /other/],
  ['op://vault/item/field', /OP_SERVICE_ACCOUNT_TOKEN|op/],
])('%s: what the provider said is told, and the exit code is 3', async (uri, words) => {
  const place = await workplaceFor({ uri })
  const run = await ingot(['lock', 'canary.yaml'], place)
  expect(run.code).toBe(3)
  expect(run.stderr).toMatch(words)
  expect(run.stderr).toContain(`read a token from ${uri}`)
})
