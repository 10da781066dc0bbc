import { expect, test } from 'vitest'
import { importedBeside, missingCode, namedCode } from '../../recipes/model-facts/own-code.ts'

test('configurations name code of the model and of other repositories', () => {
  const config = { auto_map: { AutoConfig: 'configuration_x.C', AutoModel: 'acme/base--modeling_y.M' } }
  const tokenizer = { auto_map: { AutoTokenizer: ['tokenization_x.T', null] } }
  expect(namedCode([config, tokenizer, undefined, { auto_map: 1 }])).toEqual({
    foreign: ['acme/base'],
    own: ['configuration_x.py', 'tokenization_x.py'],
  })
})

test.each<[string, string[]]>([
  ['from .configuration_x import C\n', ['configuration_x.py']],
  ['import .vision\n', ['vision.py']],
  ['try:\n    from .kernels import fast\nexcept ImportError:\n    fast = None\n', ['kernels.py']],
  ['from transformers import AutoModel\nfrom . import x\nfrom ..other import y\n', []],
  ['# from .a import b\nx = "from .c import d"\n', []],
])('a module imports beside itself: %j', (source, files) => {
  expect(importedBeside(source)).toEqual(files)
})

test('what modules import is looked for in turn, also in a ring', async () => {
  const files: Record<string, string> = {
    'modeling_x.py': 'from .configuration_x import C\nfrom .vision import V\n',
    'configuration_x.py': 'from .modeling_x import M\n',
  }
  expect(await missingCode(['modeling_x.py'], async (path) => files[path])).toEqual(['vision.py'])
  expect(await missingCode([], async () => undefined)).toEqual([])
})
