import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { findHubToken, readSecret } from '../../../pipelines/weights/token.ts'
import { scratchFolder } from '../../scratch.ts'
import { contextFor } from './samples.ts'

const secret = 'hf_secretValue123'

test('a token is found where the Hub tools look, the environment first', async () => {
  const home = await scratchFolder()
  await mkdir(join(home, '.cache/huggingface'), { recursive: true })
  await writeFile(join(home, '.cache/huggingface/token'), `${secret}\n`)
  const reveal = async (environment: Record<string, string>) =>
    (await findHubToken(undefined, contextFor(environment)))?.reveal()
  expect(await reveal({ HOME: home })).toBe(secret)
  expect(await reveal({ HOME: home, HF_TOKEN: 'other' })).toBe('other')
  expect(await reveal({ HF_TOKEN_PATH: join(home, '.cache/huggingface/token') })).toBe(secret)
  expect(await reveal({})).toBeUndefined()
})

test('URIs are read by their scheme, others by the caller', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'token'), secret)
  const context = {
    ...contextFor({ MINE: secret }),
    recipeFolder: folder,
    resolveSecret: async (uri: string) => `from ${uri}`.replaceAll(' ', '-'),
  }
  const reveal = async (uri: string) => (await readSecret(uri, context)).reveal()
  expect(await reveal('env://MINE')).toBe(secret)
  expect(await reveal('file://token')).toBe(secret)
  expect(await reveal('cmd://echo "$MINE"')).toBe(secret)
  expect(await reveal('op://vault/item')).toBe('from-op://vault/item')
})

test.each([
  ['env://MISSING', /empty/],
  ['file:///nonexistent/token', /ENOENT/],
  ['cmd://echo hf_leaked >&2; exit 1', /failed/],
  ['op://vault/item', /nothing here reads op/],
  ['env://TWO', /characters that no token has/],
])('%s: says what is wrong without the secret', async (uri, message) => {
  const error = await readSecret(uri, contextFor({ TWO: 'hf_a b' })).catch((caught) => caught)
  expect(error).toMatchObject({ code: 'bad-token', message: expect.stringMatching(message) })
  expect(inspect(error, { depth: 9 })).not.toMatch(/hf_leaked|hf_a b/)
})

test('printing a token shows where it is from and not what it is', async () => {
  const token = await readSecret('env://MINE', contextFor({ MINE: secret }))
  expect(inspect(token, { depth: 9, showHidden: true }) + JSON.stringify(token)).not.toContain(secret)
})
