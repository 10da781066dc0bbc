import { expect, test } from 'vitest'
import { judgeCompileCache } from '../../../images/boot/compile-cache-check.ts'
import { compileCache as words } from '../../../images/engines/vllm/compile-cache.ts'

const used = 'ingot: compile cache: 12 files, 3456 bytes, put into /tmp'
const loading =
  'INFO 12-01 15:00:00 [decorators.py:335] Directly load AOT compilation from path /tmp/vllm/x/model'

test.each([
  ['nothing compiled', `${used}\n${loading}\n`, [], 'passed', /^hit: nothing was compiled; 12 files/],
  ['a note was added', `${used}\n`, ['tmp/vllm/modelinfos/a.json'], 'passed', /^hit/],
  [
    'a kernel was added',
    `${used}\n`,
    ['tmp/triton/AB/kernel.cubin'],
    'failed',
    /1 files of machine code.*kernel\.cubin/,
  ],
  [
    'a model was added',
    `${used}\n`,
    ['tmp/vllm/torch_compile_cache/torch_aot_compile/0f/rank_0_0/model'],
    'failed',
    /miss: compiled all the same/,
  ],
  [
    'the log says that it compiled',
    `${used}\nINFO Compiling a graph for compile range (1, 2048) takes 9.1 s\n`,
    [],
    'failed',
    /its log says "INFO Compiling a graph/,
  ],
  [
    'left out',
    'ingot: compile cache: left out, as this processor lacks avx512f\nINFO Compiling a graph for compile range (1, 2)\n',
    ['tmp/triton/a.so'],
    'passed',
    /^miss: left out, as this processor lacks avx512f$/,
  ],
  [
    'an image without it',
    'ingot: compile cache: the image has none\n',
    ['tmp/a.so'],
    'skipped',
    /holds no compiled code/,
  ],
  ['an image of before', 'server is up\n', [], 'skipped', /holds no compiled code/],
  ['no look into it, and a word', `${used}\n${loading}`, null, 'passed', /^hit/],
  ['no look into it, no word', used, null, 'skipped', /cannot look into/],
] as const)('%s', (_, log, added, status, observed) => {
  const judged = judgeCompileCache({ log, added }, words)
  expect(judged).toMatchObject({ status })
  expect(judged.observed).toMatch(observed)
})
