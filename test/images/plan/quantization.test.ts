import { expect, test } from 'vitest'
import { judgeRecipe } from '../../../images/plan/judge-recipe.ts'
import { lockRequestOf } from '../../../images/plan/lock-request.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { quantizationWords } from '../../../images/plan/quantization.ts'
import { unlockedText } from '../../../images/plan/unlocked.ts'
import { provenanceOf } from '../../../images/report/provenance.ts'
import { orderKey } from '../../../pipelines/quantize/quantize.ts'
import { formatLock, parseLock } from '../../../recipes/lock.ts'
import { lockDifferences } from '../../../recipes/lock-differences.ts'
import { quantizationSchema, quantizedName, weightsAtSource } from '../../../recipes/quantization.ts'
import { recipeSchema } from '../../../recipes/recipe.ts'
import { lockMadeFrom, rawRecipe, recipeOf } from '../../recipes/locked.ts'
import { report } from '../report-sample.ts'

const asked = { to: 'Q4_K_M', imatrix: './a.txt' }

function quantizing(quantize: object = asked, delivery = 'baked') {
  const raw = rawRecipe('url')
  return recipeOf({ ...raw, weights: { source: sourceOf(raw), delivery, quantize } })
}

function sourceOf(raw: Record<string, unknown>): unknown {
  const { weights } = raw
  return weights !== null && typeof weights === 'object' && 'source' in weights ? weights.source : undefined
}

test.each([
  ['tiny-F16.gguf', 'tiny-Q4_K_M.gguf'],
  ['SmolLM2-135M-Instruct.Q4_1.gguf', 'SmolLM2-135M-Instruct-Q4_K_M.gguf'],
  ['a/model-bf16-00001-of-00002.gguf', 'a/model-Q4_K_M.gguf'],
  ['model.IQ3_XXS.gguf', 'model-Q4_K_M.gguf'],
  ['Quiet.gguf', 'Quiet-Q4_K_M.gguf'],
])('%s becomes %s', (path, name) => {
  expect(quantizedName(path, 'Q4_K_M')).toBe(name)
})

test.each(['IQ2_XS', 'IQ1_S', 'Q2_K_S'])('%s needs a text for its importance matrix', (to) => {
  expect(quantizationSchema.safeParse({ to }).success).toBe(false)
  expect(quantizationSchema.safeParse({ to, imatrix: './a.txt' }).success).toBe(true)
})

test('the Hub has no file that is made here, and no server without GGUF loads it', () => {
  const raw = rawRecipe('huggingface')
  const weights = { source: sourceOf(raw), delivery: 'hf-cache', quantize: asked }
  expect(recipeSchema.safeParse({ ...raw, weights }).error?.issues[0]?.path).toEqual(['weights', 'delivery'])
  const vllm = { ...quantizing(), engine: { id: 'vllm' as const, version: '*' } }
  expect(judgeRecipe(vllm).map(({ path }) => path.join('.'))).toContain('weights.quantize')
  expect(judgeRecipe(quantizing()).map(({ path }) => path.join('.'))).not.toContain('weights.quantize')
})

test('a lock says what the file was made from, and gives the weights of its source back', () => {
  const recipe = quantizing()
  const lock = parseLock(formatLock(lockMadeFrom(recipe)), 'x.lock.json')
  expect(lockDifferences(recipe, lock, lockRequestOf(recipe))).toEqual([])
  expect(weightsAtSource(lock.weights)).toEqual(lockMadeFrom(recipeOf(rawRecipe('url'))).weights)
  expect(quantizationWords(lock.weights)).toEqual([
    'model.gguf as Q4_K_M, weighed by ./a.txt, 50 % of its bytes: 2 Q4_K; llama-quantize',
  ])
  expect(planImage(recipe, lock).doubts?.join()).toContain('1 tensors of 2 have a larger type than Q4_K_M')
})

test('before it is made, the size is not certain', () => {
  expect(unlockedText(quantizing(), undefined)).toContain(
    'made     Q4_K_M of these weights, weighed by ./a.txt; its size is not certain before it is made',
  )
})

test('a file is found again by what decides its bytes, and by nothing else', () => {
  const orderOf = (quantize: object) => {
    const { source } = lockMadeFrom(quantizing(quantize)).weights
    if (source.type !== 'quantized') throw new Error('it was not quantised')
    return source
  }
  const order = orderOf(asked)
  const key = orderKey(order)
  const [file] = order.from.files
  if (file === undefined) throw new Error('no file')
  expect(orderKey({ ...order, from: { ...order.from, source: { type: 'folder', path: '/x' } } })).toBe(key)
  for (const other of [{ ...asked, to: 'Q4_0' }, { to: 'Q4_K_M' }, { ...asked, requantize: true }])
    expect(orderKey(orderOf(other))).not.toBe(key)
  const changed = { ...order.from, files: [{ ...file, sha256: 'f'.repeat(64) }] }
  expect(orderKey({ ...order, from: changed })).not.toBe(key)
})

test('provenance names the source, the text and the program, and the file that came of it', () => {
  const recipe = quantizing()
  const lock = lockMadeFrom(recipe)
  if (lock.weights.source.type === 'quantized')
    lock.weights.source.tool.packages.push({
      ...{ name: 'llama.cpp-tools', version: '1:0.7.0+dfsg-2', architecture: 'amd64', sizeBytes: 1 },
      sha256: '9'.repeat(64),
    })
  const input = { recipe, lock, plan: planImage(recipe, lock), builderId: 'urn:test', isUnverified: false }
  const said = JSON.stringify(provenanceOf({ ...input, report: report() }))
  expect(said).toContain(
    `"uri":"https://example.org/model.gguf#model.gguf","digest":{"sha256":"${'a'.repeat(64)}"}`,
  )
  expect(said).toContain('"name":"text of the importance matrix"')
  expect(said).toContain('9'.repeat(64))
  expect(said).toContain('"quantization":{"to":"Q4_K_M"')
  expect(said).toContain(`"files":[{"path":"model-Q4_K_M.gguf","sha256":"${'b'.repeat(64)}"}]`)
})
