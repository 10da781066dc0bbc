import { expect, test } from 'vitest'
import { factsFromConfig } from '../../recipes/model-facts/config.ts'
import { withTensors } from '../../recipes/model-facts/tensors.ts'
import configs from '../images/memory/cases/configs.json' with { type: 'json' }

const text = {
  model_type: 'llama',
  hidden_size: 64,
  num_hidden_layers: 4,
  num_attention_heads: 8,
  vocab_size: 10,
}

test.each([
  [
    'a tower that is longer than the text model',
    'vision_tower.vision_model.encoder.layers.26.mlp.fc1.weight',
    'vision',
  ],
  ['a tower of Qwen', 'model.visual.blocks.31.mlp.linear_fc1.weight', 'vision'],
  ['an audio tower', 'audio_tower.layers.31.fc1.weight', 'vision'],
  ['a layer of an encoder', 'model.encoder.layers.31.fc1.weight', 'dense'],
  ['a layer of the text model', 'model.layers.3.mlp.up_proj.weight', 'dense'],
  ['a layer behind the text model', 'model.layers.4.mlp.up_proj.weight', 'draft'],
])('%s', (_what, name, role) => {
  const { weights } = withTensors(factsFromConfig(text), [{ name, dtype: 'BF16', sizeBytes: 8 }])
  expect(weights?.byRole).toEqual({ [role]: 8 })
})

test('Kimi writes the sizes of its tower under names of its own', () => {
  expect(factsFromConfig(configs['kimi-k2.5']).vision).toMatchObject({ hiddenSize: 1152, ffnSize: 4304 })
})
