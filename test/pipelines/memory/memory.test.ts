import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { planMemoryOf } from '../../../pipelines/memory/memory.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { gpuEngineIds } from '../../images/engines/fixtures.ts'
import configs from '../../images/memory/configs.json' with { type: 'json' }
import { newFolder, writeModel } from '../memory-files.ts'

async function run(...argv: string[]) {
  const out: string[] = []
  const errors: string[] = []
  const io = {
    stdout: (text: string) => out.push(text),
    stderr: (text: string) => errors.push(text),
    settings: readSettings({}),
  }
  const code = await planMemoryOf(argv, io)
  return { code, out: out.join(''), errors: errors.join('') }
}

async function configFile(name: keyof typeof configs): Promise<string> {
  const file = join(await newFolder(), 'config.json')
  await writeFile(file, JSON.stringify(configs[name]))
  return file
}

describe('with --json', () => {
  test.each(gpuEngineIds)('%s answers with all that a program may read', async (engine) => {
    const file = await configFile('llama-3.1-8b')
    const model = ['--config', file, '--weights-bytes', '16060522496']
    const { code, out } = await run(
      ...model,
      '--gpu=a100-40gb',
      '--engine',
      engine,
      '--ctx-size=8192',
      '--json',
    )
    const plan = JSON.parse(out)
    expect(code).toBe(0)
    for (const key of [
      'weightsBytes',
      'kvBytesPerToken',
      'kvPoolBytes',
      'kvBlocks',
      'kvTokens',
      'maxConcurrency',
      'maxModelLenThatFits',
      'decodeTokensPerSecondUpperBound',
    ])
      expect(plan[key], key).toBeGreaterThan(0)
    expect(plan).toMatchObject({ fits: true, kvBytesPerToken: 131072, warnings: expect.any(Array) })
    const parts = Object.values(plan.overheadBytes)
    expect(parts.length).toBeGreaterThan(1)
    expect(parts.every((part) => typeof part === 'number')).toBe(true)
  })

  test('a given pool skips the budget and needs no GPU', async () => {
    const file = await configFile('qwen3-30b-a3b')
    const { code, out } = await run(
      '--config',
      file,
      '--engine',
      'sglang',
      '--available-kv-bytes',
      '152.875GiB',
      '--max-model-len',
      '32768',
      '--json',
    )
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ kvBytesPerToken: 98304, kvTokens: 1669802 })
  })

  test('options go through to the plan', async () => {
    const file = await configFile('qwen3.6-35b-a3b')
    const { out } = await run(
      '--config',
      file,
      '--engine=vllm',
      '--engine-version=v0.24.0',
      '--gpu=rtx-5090',
      '--kv-cache-dtype=fp8',
      '--enable-prefix-caching',
      '--max-model-len=131,072',
      '--available-kv-bytes=5.98GiB',
      '--json',
    )
    expect(JSON.parse(out)).toMatchObject({ kvTokens: 567978, kvBlocks: 299, blocksForOneSequence: 69 })
  })

  test('aliases of the engines work', async () => {
    const file = await configFile('llama-3.1-8b')
    const { out } = await run(
      '--config',
      file,
      '--engine',
      'vllm',
      '--gpu',
      'h100',
      '--tensor-parallel-size',
      '2',
      '--kv-cache-memory-bytes',
      '1GiB',
      '--context-length',
      '4096',
      '--page-size',
      '32',
      '--json',
    )
    expect(JSON.parse(out)).toMatchObject({ kvBytesPerToken: 65536, kvBlockTokens: 32, kvBlocks: 512 })
  })
})

test('the table shows parts with bars, the limit, the verdict and the ways out', async () => {
  const file = await configFile('llama-3.1-70b')
  const { code, out } = await run(
    '--config',
    file,
    '--gpu',
    'h100',
    '--engine',
    'vllm',
    '--max-model-len',
    '8192',
  )
  expect(code).toBe(1)
  expect(out).toMatch(/weights +131\.\d\d GiB +█+ over/)
  expect(out).toMatch(/limit +72\.\d\d GiB {2}of 79\.19 GiB/)
  expect(out).toContain('verdict: does not fit: weights and overhead are')
  expect(out).toMatch(/ {2}3\. take a larger GPU/)
})

test('a folder is enough', async () => {
  const folder = await newFolder()
  await writeModel(folder)
  const { code, out } = await run(folder, '--gpu', 't4', '--engine', 'tgi', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ weightsBytes: 25600, weightsFrom: 'headers' })
})

test.each([
  [
    'a family that nobody knows is planned with a doubt: exit 0',
    {},
    0,
    { outcome: 'planned', certain: false },
  ],
  [
    'nobody can tell of a layer type that nobody knows: exit 1',
    { layer_types: ['full_attention', 'frobnication'] },
    1,
    { outcome: 'cannot-tell', fits: null, missing: ['what the layer type "frobnication" means'] },
  ],
])('%s', async (_what, more, expected, answer) => {
  const file = join(await newFolder(), 'config.json')
  await writeFile(
    file,
    JSON.stringify({
      model_type: 'frobnicate',
      hidden_size: 64,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      vocab_size: 10,
      max_position_embeddings: 64,
      ...more,
    }),
  )
  const { code, out } = await run('--config', file, '--gpu', 'l4', '--engine', 'vllm', '--json')
  expect(code).toBe(expected)
  expect(JSON.parse(out)).toMatchObject(answer)
})

test.each([
  [['--gpu', 'l4', '--engine', 'vllm'], 'neither MODEL nor --config is given'],
  [['m', '--engine', 'vllm'], '--gpu is missing'],
  [['m', '--gpu', 'l4'], '--engine is missing'],
  [['m', '--gpu', 'l4', '--engine', 'vlm'], 'did you mean vllm?'],
  [['m', '--gpu', 'l44', '--engine', 'vllm'], 'near ones are l4'],
  [['--config', '/nowhere.json', '--gpu', 'l4', '--engine', 'vllm'], 'there is no such file'],
  [['m', 'n', '--gpu', 'l4', '--engine', 'vllm'], 'an argument too many: n'],
  [['m', '--gpu', 'l4', '--engine', 'vllm', '--tp', 'two'], '--tp is "two", not a whole number'],
  [['m', '--gpu', 'l4', '--engine', 'vllm', '--tp', '0'], '--tp is "0", not a whole number from 1 to 1024'],
  [['m', '--gpu', 'l4', '--engine', 'vllm', '--tp', '1025'], '--tp is "1025", not a whole number from 1 to'],
  [['m', '--gpu', 'l4', '--engine', 'vllm', '--nonsense'], 'there is no option --nonsense'],
  [
    ['m', '--gpu', 'l4', '--engine', 'vllm', '--weights-bytes', '5 parsecs'],
    '--weights-bytes is "5 parsecs", not a size such as 10GB or 512MiB',
  ],
])('%j is a wrong command line: exit 2', async (argv, message) => {
  const { code, errors } = await run(...argv)
  expect(code).toBe(2)
  expect(errors).toContain(message)
  expect(errors).toContain('to do:')
})
