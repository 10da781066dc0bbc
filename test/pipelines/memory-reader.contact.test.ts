import { execFileSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { readModel } from '../../pipelines/model-reader/model-reader.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { config, gguf, ggufMetadata, newFolder, safetensors, writeModel } from './memory-files.ts'
import { type FakeHub, startHub } from './memory-hub.ts'

describe('a folder', () => {
  test('is read by the headers of the shards that its index names', async () => {
    const folder = await newFolder()
    await writeModel(folder)
    const facts = await readModel(folder, readSettings({}))
    expect(facts).toMatchObject({ architecture: 'LlamaForCausalLM', tiedEmbeddings: false, missing: [] })
    expect(facts.weights).toEqual({
      totalBytes: 25600,
      byRole: { embedding: 12800, head: 12800 },
      byDtype: { BF16: 25600 },
    })
  })

  test('without an index counts every shard but duplicates', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'config.json'), JSON.stringify(config))
    await writeFile(join(folder, 'model.safetensors'), safetensors({ 'model.embed_tokens.weight': 200 }))
    await writeFile(join(folder, 'consolidated.safetensors'), safetensors({ 'output.weight': 999998 }))
    expect((await readModel(folder, readSettings({}))).weights?.totalBytes).toBe(200)
  })

  test('takes the quantisation that ModelOpt writes beside the configuration', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'config.json'), JSON.stringify(config))
    const quant = { quantization: { quant_algo: 'NVFP4', kv_cache_quant_algo: 'FP8' } }
    await writeFile(join(folder, 'hf_quant_config.json'), JSON.stringify(quant))
    expect((await readModel(folder, readSettings({}))).quantization).toMatchObject({
      bitsPerWeight: 4.5,
      kvCacheDtype: 'fp8',
    })
  })

  test.each([
    ['is no model', {}, 'it has no config.json'],
    ['has a broken configuration', { 'config.json': '{' }, 'it is not JSON'],
    [
      'has a broken header',
      { 'config.json': JSON.stringify(config), 'model.safetensors': 'short' },
      'its header would have',
    ],
    [
      'has a header that is cut',
      { 'config.json': JSON.stringify(config), 'model.safetensors': safetensors({ a: 2 }).subarray(0, 20) },
      'it ends inside its header',
    ],
    ['has several GGUF models', { 'a.gguf': '', 'b.gguf': '' }, 'it has 2 GGUF models'],
  ])('that %s says so', async (_what, files, message) => {
    const folder = await newFolder()
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
    await expect(readModel(folder, readSettings({}))).rejects.toThrow(message)
  })

  test.each([
    ['config.json', 'bad-config'],
    ['model.safetensors', 'bad-header'],
    ['model.gguf', 'no-model'],
  ])('waits for no FIFO named %s', async (name, code) => {
    const folder = await newFolder()
    if (name !== 'model.gguf') await writeFile(join(folder, 'config.json'), JSON.stringify(config))
    await rm(join(folder, name), { force: true })
    execFileSync('mkfifo', [join(folder, name)])
    await expect(readModel(folder, readSettings({}))).rejects.toMatchObject({
      code,
      message: expect.stringContaining('no regular file'),
    })
  })
})

describe('a GGUF file', () => {
  test('is read by its header, and so are its other shards', async () => {
    const folder = await newFolder()
    const first = join(folder, 'm-00001-of-00002.gguf')
    await writeFile(first, gguf(ggufMetadata, { 'token_embd.weight': 100 }))
    await writeFile(
      join(folder, 'm-00002-of-00002.gguf'),
      gguf({ 'general.architecture': 'llama' }, { 'blk.0.attn_q.weight': 64 }),
    )
    const facts = await readModel(first, readSettings({}))
    expect(facts.weights).toEqual({
      totalBytes: 164 * 18,
      byRole: { embedding: 1800, attention: 1152 },
      byDtype: { Q4_0: 2952 },
    })
    expect(await readModel(folder, readSettings({}))).toEqual(facts)
  })

  test('that is none says so', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'a.gguf'), 'not a model at all')
    await expect(readModel(join(folder, 'a.gguf'), readSettings({}))).rejects.toThrow('read the header of')
  })

  test.each([60, 200, 380])('that is cut in its header, after %i bytes, says so', async (sizeBytes) => {
    const file = join(await newFolder(), 'a.gguf')
    const whole = gguf(ggufMetadata, { 'token_embd.weight': 100 })
    await writeFile(file, whole.subarray(0, sizeBytes))
    await expect(readModel(file, readSettings({}))).rejects.toThrow(/header of .*cut in its header/)
  })
})

describe('a repository', () => {
  let hub: FakeHub | undefined
  afterEach(async () => hub?.close())

  const shards = {
    'config.json': Buffer.from(JSON.stringify(config)),
    'model.safetensors.index.json': Buffer.from(
      JSON.stringify({
        metadata: {},
        weight_map: { 'model.embed_tokens.weight': 'model-00001-of-00001.safetensors' },
      }),
    ),
    'model-00001-of-00001.safetensors': safetensors({ 'model.embed_tokens.weight': 40_000_000 }),
  }

  test('is read by range requests, with the token', async () => {
    hub = await startHub(shards, 'hf_secret')
    const facts = await readModel(
      'owner/model',
      readSettings({ HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_secret' }),
    )
    expect(facts.weights?.totalBytes).toBe(40_000_000)
    expect(hub.sentBytes()).toBeLessThan(2_000_000)
  })

  test('is asked again where its Hub was busy for a moment', async () => {
    hub = await startHub(shards, undefined, [0, 2])
    const facts = await readModel('owner/model', readSettings({ HF_ENDPOINT: hub.url }))
    expect(facts.weights?.totalBytes).toBe(40_000_000)
  })

  test('that is gated says what to do', async () => {
    hub = await startHub(shards, 'hf_secret')
    const environment = { HF_ENDPOINT: hub.url, HF_HOME: await newFolder() }
    await expect(readModel('owner/model', readSettings(environment))).rejects.toMatchObject({ code: 'gated' })
  })

  test('with a GGUF file is read by its header', async () => {
    hub = await startHub({ 'm.Q4_0.gguf': gguf(ggufMetadata, { 'token_embd.weight': 100 }) })
    const facts = await readModel('owner/model/m.Q4_0.gguf', readSettings({ HF_ENDPOINT: hub.url }))
    expect(facts).toMatchObject({ architecture: 'gguf:llama', weights: { totalBytes: 1800 } })
  })
})

test('a name that is nothing says what a name is', async () => {
  await expect(readModel('nothing-here', readSettings({}))).rejects.toThrow(
    'it is neither here nor a name of the form owner/name',
  )
})
