import { expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { smallLlama } from '../../small-llama.ts'
import { deploymentFor, recipeFor } from './fixtures.ts'

const config = smallLlama

const versions = { vllm: '0.33.0', sglang: '0.5.23', tgi: '3.3.7', 'tensorrt-llm': '1.2.1' } as const

/** What an engine says of a checkpoint that its configuration says is packed so. */
function said(id: keyof typeof versions, packed: object, change: (recipe: Recipe) => void = () => undefined) {
  const recipe = recipeFor(id, (draft) => {
    draft.engine.device = 'cuda'
    delete draft.serving.quantization
    change(draft)
  })
  const deployment = {
    ...deploymentFor(recipe),
    version: versions[id],
    facts: factsFromConfig({ ...config, ...packed }),
  }
  const engine = engineOf(id as EngineId)
  return { refusals: engine.refusals(deployment), doubts: engine.doubts?.(deployment) ?? [] }
}

const by = (quant_method: string) => ({ quantization_config: { quant_method, bits: 4 } })

test.each<[keyof typeof versions, object, string]>([
  ['vllm', by('bitsandbytes'), 'packed by bitsandbytes, which vLLM 0.33.0 does not load'],
  ['vllm', by('gguf'), 'packed by gguf'],
  ['vllm', by('exl2'), 'packed by exl2'],
  ['vllm', by('hqq'), 'packed by hqq'],
  ['sglang', by('hqq'), 'packed by hqq, which SGLang 0.5.23 does not load'],
  ['sglang', by('aqlm'), 'packed by aqlm'],
  ['tgi', by('bitsandbytes'), 'packed by bitsandbytes, which TGI 3.3.7 does not load'],
  ['tgi', by('quark'), 'packed by quark'],
  ['vllm', { quantization: { group_size: 64, bits: 4 } }, 'packed by mlx'],
  [
    'sglang',
    { quantization: { group_size: 64, bits: 4 }, quantization_config: { group_size: 64, bits: 4 } },
    'packed by mlx',
  ],
])('%s refuses a checkpoint with %j', (id, packed, words) => {
  expect(said(id, packed).refusals).toMatchObject([
    { path: 'weights.source', found: expect.stringContaining(words) },
  ])
})

test.each<[keyof typeof versions, object]>([
  ['vllm', by('awq')],
  ['vllm', by('gptq')],
  ['vllm', by('compressed-tensors')],
  // vLLM loads it under the name inc.
  ['vllm', by('auto-round')],
  ['sglang', by('bitsandbytes')],
  ['sglang', by('auto-round')],
  ['tgi', by('compressed-tensors')],
  ['tgi', by('fbgemm_fp8')],
  ['tensorrt-llm', by('awq')],
  ['vllm', {}],
])('%s loads a checkpoint with %j', (id, packed) => {
  expect(said(id, packed)).toEqual({ refusals: [], doubts: [] })
})

test.each<[keyof typeof versions, string, string]>([
  ['vllm', 'compressed-tensors', 'awq'],
  ['vllm', 'awq', 'gptq_marlin'],
  ['sglang', 'gptq', 'awq'],
])('%s refuses files packed by %s where the recipe says %s', (id, method, asked) => {
  const { refusals } = said(id, by(method), ({ serving }) => Object.assign(serving, { quantization: asked }))
  expect(refusals).toMatchObject([
    { path: 'serving.quantization', found: expect.stringContaining(`packed by ${method}`) },
  ])
})

test.each<[keyof typeof versions, string, string]>([
  ['vllm', 'awq', 'awq_marlin'],
  ['vllm', 'gptq', 'auto_gptq'],
  ['vllm', 'gptq', 'moe_wna16'],
  ['sglang', 'compressed-tensors', 'w8a8_int8'],
])('%s reads files packed by %s as %s', (id, method, asked) => {
  const { refusals } = said(id, by(method), ({ serving }) => Object.assign(serving, { quantization: asked }))
  expect(refusals).toEqual([])
})

test('a method that no file names is told', () => {
  const { doubts } = said('vllm', { quantization_config: { bits: 4 } })
  expect(doubts).toEqual([expect.stringContaining('not by which method')])
})

test('a plug-in of the recipe may bring what the release lacks', () => {
  const plugged = said('vllm', by('bitsandbytes'), ({ image }) => {
    image.packages.python = ['vllm-bnb-plugin']
  })
  expect(plugged.refusals).toEqual([])
  expect(plugged.doubts).toEqual([expect.stringContaining('does not load checkpoints of bitsandbytes')])
  const asked = said('vllm', {}, ({ image, serving }) => {
    image.packages.python = ['vllm-bnb-plugin']
    serving.quantization = 'bitsandbytes'
  })
  expect(asked.refusals).toEqual([])
  expect(asked.doubts).toEqual([expect.stringContaining('itself does not take "bitsandbytes"')])
})

test('names of quantisations reach a server in small letters', () => {
  const recipe = recipeFor('sglang', ({ serving }) => Object.assign(serving, { quantization: 'AWQ' }))
  const deployment = deploymentFor(recipe)
  expect(engineOf('sglang').command(deployment).join(' ')).toContain('--quantization awq')
})

test.each<[keyof typeof versions, object, RegExp]>([
  [
    'tensorrt-llm',
    by('bitsandbytes'),
    /whether TensorRT-LLM 1\.2\.1 loads .* packed by bitsandbytes .*no list was read/,
  ],
  ['tgi', by('mxfp4'), /packed by mxfp4, which is not among the methods of TGI 3\.3\.7 by that name/],
  ['vllm', by('wholly_new'), /packed by wholly_new, which is not among the methods of vLLM 0\.33\.0/],
  ['tgi', { model_type: 'qwen3_moe' }, /TGI 3\.3\.7 has no code of its own for models of the type qwen3_moe/],
])('%s says what is not known of %j, and stops nothing', (id, packed, words) => {
  expect(said(id, packed)).toEqual({ refusals: [], doubts: [expect.stringMatching(words)] })
})

test('a method that nobody read of TensorRT-LLM is a doubt, and one of TGI that its source lacks is refused', () => {
  const asking = (quantization: string) => (recipe: Recipe) =>
    void Object.assign(recipe.serving, { quantization })
  const { refusals, doubts } = said('tensorrt-llm', {}, asking('w4a16_mxfp4'))
  expect({ refusals, doubts }).toEqual({
    refusals: [],
    doubts: [expect.stringContaining('is not known here')],
  })
  expect(said('tgi', {}, asking('nvfp4')).refusals).toMatchObject([
    { path: 'serving.quantization', found: '"nvfp4" is not a quantisation of TGI 3.3.7' },
  ])
})

test('a card that is older than the kernels of a checkpoint is told of, and one that is not is not', () => {
  const on = (gpu: string) => (recipe: Recipe) => {
    recipe.target.gpu = gpu
    recipe.serving.dtype = 'float16'
  }
  expect(said('vllm', by('fp8'), on('t4')).doubts).toEqual([
    expect.stringMatching(
      /packed by fp8, which vLLM computes from compute capability 8\.0 on, and t4 has 7\.5/,
    ),
  ])
  expect(said('vllm', by('fp8'), on('l4')).doubts).toEqual([])
})
