import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type RawRecipe, rawRecipe } from '../../recipes/locked.ts'
import { config, gguf, ggufMetadata, safetensors } from '../memory-files.ts'
import { ingot, type Place, placeOf, writeLock } from './place.ts'

const raw: RawRecipe = { ...rawRecipe('url'), weights: { source: { type: 'folder', path: 'model' } } }

// 7200 bytes of tensors follow the header, since the file's own tail holds 4096 zeros.
const ggufFile = Buffer.concat([gguf(ggufMetadata, { 'token_embd.weight': 400 }), Buffer.alloc(4096)])
const ggufHeaderBytes = ggufFile.length - 8192
const safetensorsFile = safetensors({ 'model.embed_tokens.weight': 12800 })

async function modelOf(files: Readonly<Record<string, string | Buffer>>): Promise<Place> {
  const place = await placeOf(raw)
  await mkdir(join(place.folder, 'model'))
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(place.folder, 'model', name), bytes)
  await writeLock(place, raw)
  return place
}

const json = JSON.stringify(config)

test.each([
  ['a GGUF', { 'model.gguf': ggufFile }],
  ['a safetensors file', { 'config.json': json, 'model.safetensors': safetensorsFile }],
])('%s that is whole is locked', async (_, files) => {
  const place = await modelOf(files)
  const run = await ingot(['lock', place.file], place)
  expect(run.code, run.stderr).toBe(0)
})

test.each([
  ['a GGUF', 'in a text of its metadata', 'model.gguf', ggufFile.subarray(0, 60), 2],
  ['a GGUF', 'in the list of tensors', 'model.gguf', ggufFile.subarray(0, ggufHeaderBytes - 10), 1],
  ['a GGUF', 'before its tensors', 'model.gguf', ggufFile.subarray(0, ggufHeaderBytes), 1],
  ['a GGUF', 'in its last tensor', 'model.gguf', ggufFile.subarray(0, ggufHeaderBytes + 7000), 2],
  ['safetensors', 'in the header', 'model.safetensors', safetensorsFile.subarray(0, 30), 2],
  ['safetensors', 'behind the header', 'model.safetensors', safetensorsFile.subarray(0, -12800), 2],
  ['safetensors', 'in the last tensor', 'model.safetensors', safetensorsFile.subarray(0, -1), 2],
])('%s that is cut %s is not locked', async (_, __, name, bytes, code) => {
  const place = await modelOf({ [name]: bytes, ...(name.endsWith('.gguf') ? {} : { 'config.json': json }) })
  const before = await readFile(place.lockFile, 'utf8')
  const run = await ingot(['lock', place.file], place)
  // 2 where the file says itself that it was cut, 1 where the parser gives up on its header.
  expect(run.code, run.stderr).toBe(code)
  expect(run.stderr).toContain(name)
  expect(run.stderr).toMatch(/complete|cut/)
  expect(await readFile(place.lockFile, 'utf8')).toBe(before)
  await rm(place.folder, { recursive: true })
})
