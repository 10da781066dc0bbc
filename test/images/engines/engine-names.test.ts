import { describe, expect, test } from 'vitest'
import { type NameHistory, standingOf } from '../../../images/engines/name-history.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { IngotError } from '../../../lib/error.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { flagsIn, historyOf, keysIn } from '../../tools/engine-names.ts'
import { lockFor, recipeFor } from './fixtures.ts'

const files = ['config.json', 'model.safetensors', 'tokenizer.json']

function planned(
  id: EngineId,
  version: string,
  extraArguments: string[],
  change: (recipe: Recipe) => void = () => undefined,
) {
  const recipe = recipeFor(id, (draft) => {
    draft.engine.device = 'cuda'
    draft.target = { gpu: 'b200', count: 1 }
    delete draft.serving.quantization
    Object.assign(draft.serving, { dtype: 'auto', contextLength: 4096, extraArguments })
    change(draft)
  })
  return planImage(recipe, { ...lockFor(recipe, files), engine: { id, version } })
}

const parser = (name: string) => ['--enable-auto-tool-choice', '--tool-call-parser', name]

test.each<[EngineId, string, string[]]>([
  ['vllm', '0.33.0', parser('hermes')],
  ['vllm', '0.33.0', parser('deepseek_v41')],
  ['vllm', '0.20.0', parser('minimax')],
  ['vllm', '0.33.0', ['--reasoning_parser=openai_gptoss']],
  ['vllm', '0.33.0', ['--tool-parser-plugin', '/opt/p.py', '--tool-call-parser', 'own']],
  ['vllm', '0.33.0', ['--no-enable-prefix-caching', '--disable-log-requests', '--enable-custom-all-reduce']],
  ['vllm', '0.33.0', ['--compilation-config.mode', '3', '--limit-mm-per-prompt.image=2', '-O3']],
  ['vllm', '0.33.0', ['--enable-expert', '--trust_remote_code']],
  ['vllm', '0.32.0', ['--no-enable-log-requests']],
  ['sglang', '0.5.23', ['--tool-call-parser', 'auto', '--reasoning-parser', 'qwen3']],
  ['sglang', '0.5.23', ['--ep-size', '2', '--chunked-prefill-size=2048']],
  // Every list has it, so the versions between and behind them do.
  ['vllm', '0.99.0', parser('hermes')],
])('%s %s takes %j', (id, version, items) => {
  const plan = planned(id, version, items)
  expect(plan.config.Entrypoint).toEqual(expect.arrayContaining(items))
  expect(plan.doubts).toBeUndefined()
})

test.each<[EngineId, string, string[], RegExp]>([
  [
    'vllm',
    '0.33.0',
    parser('minimax'),
    /extraArguments\.2.*vLLM 0\.33\.0 has no tool-call parser "minimax".*minimax_m2/s,
  ],
  ['vllm', '0.20.0', parser('deepseek_v41'), /no tool-call parser "deepseek_v41"/],
  [
    'vllm',
    '0.33.0',
    ['--reasoning-parser', 'qwen33'],
    /no reasoning parser "qwen33".*did you mean "qwen3"\?/s,
  ],
  ['vllm', '0.33.0', ['--chunked-prefill-size', '1'], /extraArguments\.0.*no flag "--chunked-prefill-size"/s],
  ['vllm', '0.33.0', ['--enable-chunked-prefil1'], /did you mean "--enable-chunked-prefill"\?/],
  // Before 0.33.0 a switch has no other opposite than `--no-x`.
  ['vllm', '0.32.0', ['--disable-log-requests'], /no flag "--disable-log-requests"/],
  ['vllm', '0.33.0', ['--enable-reasoning'], /no flag "--enable-reasoning"/],
  ['sglang', '0.5.23', ['--tool-call-parser=hermess'], /SGLang 0\.5\.23 has no tool-call parser "hermess"/],
  ['sglang', '0.5.23', ['--max-num-batched-tokenz', '1'], /no flag "--max-num-batched-tokenz"/],
])('%s %s surely lacks what %j names', (id, version, items, words) => {
  let told = ''
  try {
    planned(id, version, items)
  } catch (error) {
    if (error instanceof IngotError) told = `${error.message} ${error.hint}`
  }
  expect(told).toMatch(words)
})

test('a beginning of several flags is told, since argparse takes none of them', () => {
  expect(planned('vllm', '0.33.0', ['--device', 'cuda']).doubts).toEqual([
    expect.stringMatching(/has no flag "--device" but several that begin so \(device-ids, device-memory/),
  ])
})

test('what nobody read is told, and stops nothing', () => {
  const { doubts } = planned('vllm', '0.99.0', [...parser('deepseek_v41'), '--wholly-new-flag'])
  expect(doubts).toEqual([
    expect.stringMatching(/extraArguments\.2: whether vLLM 0\.99\.0 has the tool-call parser "deepseek_v41"/),
    expect.stringMatching(
      /extraArguments\.3: whether vLLM 0\.99\.0 has the flag "wholly-new-flag".*up to 0\.33\.0/,
    ),
  ])
})

test.each<[string, (recipe: Recipe) => void]>([
  [
    'a fork in an official image’s place',
    (recipe) => {
      recipe.engine.runtime = 'upstream'
      recipe.image.base = 'ghcr.io/acme/vllm-fork:v0.33.0'
    },
  ],
  [
    'a plug-in among its packages',
    (recipe) => {
      recipe.engine.runtime = 'packages'
      recipe.image.packages.python = ['acme-vllm-plugin']
    },
  ],
])('a flag that the release lacks may come from %s', (_, change) => {
  const { doubts, config } = planned('vllm', '0.33.0', ['--acme-cache', '4'], change)
  expect(config.Entrypoint).toEqual(expect.arrayContaining(['--acme-cache', '4']))
  expect(doubts).toEqual(
    expect.arrayContaining([expect.stringContaining('vLLM 0.33.0 itself has no flag "acme-cache"')]),
  )
})

test('a package that has nothing to do with the engine excuses no slip', () => {
  const asked = (recipe: Recipe) => {
    recipe.engine.runtime = 'packages'
    recipe.image.packages.python = ['fastapi==0.115.0']
  }
  expect(() => planned('vllm', '0.33.0', ['--acme-cache', '4'], asked)).toThrow('no flag "--acme-cache"')
})

describe('histories', () => {
  const lists = [
    { version: '1', names: ['a', 'b'] },
    { version: '2', names: ['a', 'b'] },
    { version: '3', names: ['b', 'c'] },
  ]
  const history: NameHistory = historyOf(lists).map(({ versions, added, gone }) => [
    versions.join(' '),
    added.join(' '),
    gone.join(' '),
  ])

  test('versions of the same names share a row', () => {
    expect(history).toEqual([
      ['1 2', 'a b', ''],
      ['3', 'c', 'a'],
    ])
  })

  test.each([
    ['a', '1', 'known'],
    ['a', '3', 'absent'],
    ['c', '2', 'absent'],
    ['c', '3', 'known'],
    ['b', '4', 'known'],
    ['c', '4', 'unknown'],
  ])('%s in version %s is %s', (name, version, type) => {
    expect(standingOf(name, version, history).type).toBe(type)
  })
})

test('keys of a map and flags of a source are read without running it', () => {
  const source = 'X = {\n    "a": (\n        "b",\n    ),\n    "c-d": 1,\n}\nY = {\n    "e": 1,\n}\n'
  expect(keysIn(source, /^X = \{$/m)).toEqual(['a', 'c-d'])
  expect(flagsIn('p.add_argument("--a-b", "--c_d")\nclass F:\n    tool_parser: str = ""\n')).toEqual([
    'a-b',
    'c-d',
    'tool-parser',
  ])
})
