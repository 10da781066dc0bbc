import { expect, test } from 'vitest'
import { folderFactsOf } from '../../recipes/model-facts/folder.ts'

function told(files: Record<string, unknown>, template?: string) {
  return folderFactsOf(async (path) => files[path], template)
}

test('modules of sentence-transformers say how vectors are made', async () => {
  const files = {
    'config.json': { architectures: ['BertModel'] },
    'modules.json': [
      { idx: 0, path: '', type: 'sentence_transformers.models.Transformer' },
      { idx: 1, path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
      { idx: 2, path: '2_Dense', type: 'sentence_transformers.models.Dense' },
      { idx: 3, path: '3_Normalize', type: 'sentence_transformers.models.Normalize' },
    ],
    '1_Pooling/config.json': { pooling_mode_cls_token: false, pooling_mode_mean_tokens: true },
    '2_Dense/config.json': { in_features: 384, out_features: 128 },
  }
  expect(await told(files)).toEqual({ pooling: 'mean', dimension: 128, normalizes: true })
})

test.each([
  ['a file of its own', {}, 'own', 'own'],
  [
    'the tokenizer',
    { 'tokenizer_config.json': { chat_template: 'of the tokenizer' } },
    undefined,
    'of the tokenizer',
  ],
  [
    'the processor',
    { 'chat_template.json': { chat_template: 'of the processor' } },
    undefined,
    'of the processor',
  ],
  [
    'several with names',
    {
      'tokenizer_config.json': {
        chat_template: [
          { name: 'tool_use', template: 'tools' },
          { name: 'default', template: 'plain' },
        ],
      },
    },
    undefined,
    'plain',
  ],
] as const)('a chat template is found in %s', async (_, files, template, found) => {
  expect(await told(files, template)).toEqual({ chatTemplate: found })
})

test.each([
  [{ architectures: ['BertForSequenceClassification'], id2label: { 0: 'LABEL_0' } }, { labels: 1 }],
  [{ architectures: ['BertForSequenceClassification'] }, { labels: 2 }],
  [{ architectures: ['LlamaForCausalLM'] }, {}],
])('a classifier tells its classes: %j', async (config, facts) => {
  expect(await told({ 'config.json': config })).toEqual(facts)
})

test('what is no JSON of the right form tells nothing', async () => {
  expect(await told({ 'modules.json': 'x', 'tokenizer_config.json': [1], 'config.json': null })).toEqual({})
})
