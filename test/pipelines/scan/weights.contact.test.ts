import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { knownSecrets } from '../../../lib/known-secrets.ts'
import { searchFolder, searchWeightLayers } from '../../../pipelines/scan/weights.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { contextFor } from '../weights/samples.ts'

// Nobody was given these; they are put together here so that no scanner takes this file for a leak.
const hubToken = ['hf', 'xQzRvTbNmKpLwYsJdHgFcXaEuIoPqWeRtY'].join('_')
const githubToken = ['ghp', 'x7Kq2Lm9Rt4Wv1Yz8Bn3Cd6Fg5Hj0PsXaQeZ'].join('_')
const key = ['-----BEGIN', 'PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n'].join(
  ' ',
)

async function packed(files: Record<string, string | Buffer>, allowSecrets: string[] = []) {
  const [store, folder] = [await scratchStore(), await scratchFolder()]
  for (const [path, content] of Object.entries({ 'config.json': '{}', ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  const context = contextFor()
  const weights = await inventoryWeights(
    { type: 'folder', path: folder, include: ['*', ...Object.keys(files)] },
    context,
  )
  const layers = planWeightLayers(weights.files, { modelFolder: '/models/tiny', smallFileBytes: 1000 })
  await packWeights(store, weights, layers, context)
  const plan = {
    policy: { allowWorldWritable: [], allowSecrets, shells: [] },
    weights: { layers, modelFolder: '/models/tiny' },
  }
  return { store, plan, weights, context }
}

const big = Buffer.alloc(40 * 1024 ** 2, 'a')

test.each<[string, Record<string, string | Buffer>, string, string]>([
  [
    'a token of the run',
    { 'a/notes.txt': `x ${hubToken}` },
    '/models/tiny/a/notes.txt',
    'the secret of HF_TOKEN (plain)',
  ],
  [
    'a token of the run in a binary',
    { 'vocab.bin': Buffer.concat([Buffer.alloc(9000), Buffer.from(hubToken)]) },
    '/models/tiny/vocab.bin',
    'the secret of HF_TOKEN (plain)',
  ],
  ['a token by its form', { 'notes.txt': githubToken }, '/models/tiny/notes.txt', 'a GitHub token'],
  ['a private key', { 'extra.txt': key }, '/models/tiny/extra.txt', 'a private key'],
  ['a file by its name', { '.env': 'A=1' }, '/models/tiny/.env', 'a file in which programs keep secrets'],
  [
    'a token behind the first 8 KiB',
    { 'long.txt': `${'word '.repeat(300_000)}${githubToken}` },
    '/models/tiny/long.txt',
    'a GitHub token',
  ],
])('%s is found in the folder and in the store, at its place', async (_, files, where, what) => {
  const { store, plan, weights, context } = await packed(files)
  const secrets = knownSecrets({ HF_TOKEN: hubToken })
  for (const seen of [
    await searchFolder(plan, weights, secrets, context),
    await searchWeightLayers(store, plan, secrets),
  ]) {
    expect(seen.secrets).toContainEqual({ where, what })
    expect(new Set(seen.secrets.map((secret) => secret.where))).toEqual(new Set([where]))
    expect(seen.files).toBe(weights.files.length)
  }
})

test('only small files are read, and all of them', async () => {
  const { store, plan } = await packed({ 'model.safetensors': big, 'a.txt': 'x', 'b/c.txt': '' })
  expect(await searchWeightLayers(store, plan, [])).toEqual({ secrets: [], excused: [], files: 3 })
})

test('the policy excuses what has the form of a token, and never a token of the run', async () => {
  const files = { 'notes.txt': githubToken, 'other.txt': hubToken }
  const { store, plan } = await packed(files, ['/models/tiny/*.txt'])
  const secrets = knownSecrets({ HF_TOKEN: hubToken })
  const seen = await searchWeightLayers(store, plan, secrets)
  expect(seen.excused).toEqual([
    '/models/tiny/notes.txt a GitHub token',
    '/models/tiny/other.txt a Hugging Face token',
  ])
  expect(seen.secrets).toEqual([{ where: '/models/tiny/other.txt', what: 'the secret of HF_TOKEN (plain)' }])
})

test('a token in a name is found, and the name is not shown', async () => {
  const { store, plan } = await packed({ [`x-${githubToken}.txt`]: 'x' })
  const { secrets } = await searchWeightLayers(store, plan, [])
  expect(secrets).toEqual([{ where: '/models/tiny/x-***.txt', what: 'a GitHub token' }])
})

test('what only looks like it passes', async () => {
  const vocabulary = Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`sk-tok${i}hf_AKIA`, i]))
  const { store, plan } = await packed({
    'tokenizer.json': JSON.stringify({ model: { vocab: vocabulary } }),
    'guide.md': `Use hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, AKIA${'IOSFODNN7EXAMPLE'} or -----BEGIN PRIVATE KEY-----`,
  })
  expect((await searchWeightLayers(store, plan, [])).secrets).toEqual([])
})
