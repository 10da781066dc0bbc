import { expect, test } from 'vitest'
import { planImage } from '../../../images/plan/plan.ts'
import { sbomFactsOf } from '../../../images/sbom/sbom.ts'
import { trustRule } from '../../../images/slim-rules/slimming.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'
import { factsOf, type ModelName } from '../memory/models.ts'

function planned(id: EngineId, image: Partial<Recipe['image']>, model?: ModelName) {
  const recipe = recipeFor(id, (draft) => {
    draft.target = { gpu: 'h100', count: 1 }
    draft.engine.device = 'cuda'
    draft.engine.runtime = 'upstream'
    Object.assign(draft.serving, { dtype: 'auto', contextLength: 4096 })
    Object.assign(draft.image, image)
  })
  return planImage(recipe, { ...lockFor(recipe), ...(model && { model: factsOf(model) }) })
}

const ids = (plan: ReturnType<typeof planned>) => plan.slimming.rules.map(({ id }) => id)

test.each<[EngineId]>([['vllm'], ['sglang'], ['llama-cpp']])('%s keeps certificates on request', (id) => {
  expect(ids(planned(id, {}))).toContain('trust-store')
  const kept = planned(id, { trust: 'keep' })
  expect(ids(kept)).not.toContain('trust-store')
  expect(ids(kept)).toHaveLength(ids(planned(id, {})).length - 1)
  const { closure } = kept.slimming
  if (closure !== undefined) expect(closure.data).toEqual(expect.arrayContaining([...trustRule.paths]))
})

test('a base without certificates cannot keep any', () => {
  const packages = (base?: string) => {
    const recipe = recipeFor('vllm', ({ image }) => {
      image.trust = 'keep'
      if (base !== undefined) image.base = base
    })
    return planImage(recipe, lockFor(recipe))
  }
  expect(() => packages()).toThrow(/image\.trust: keep, and .* has no certificates/)
  expect(packages('registry.example/with-certificates:1').slimming.closure?.data).toContain(
    '/etc/ssl/certs/**',
  )
})

test('certificates of a lock go into one file, and every variable that programs ask names it', () => {
  const [one, two] = ['1', '2'].map((digit) => ({
    subject: `CN=${digit}`,
    sha256: digit.repeat(64),
    notAfter: 'Jan  1 00:00:00 2040 GMT',
    pem: `-----BEGIN CERTIFICATE-----\n${digit}\n-----END CERTIFICATE-----\n`,
  }))
  if (one === undefined || two === undefined) throw new Error('two certificates')
  const recipe = recipeFor('llama-cpp', ({ image }) => {
    image.trust = ['a.pem', 'b.pem']
  })
  const files = [
    { path: 'a.pem', sha256: 'a'.repeat(64), certificates: [two, one] },
    { path: 'b.pem', sha256: 'b'.repeat(64), certificates: [one] },
  ]
  const plan = planImage(recipe, { ...lockFor(recipe), trust: files })
  expect(plan.settings).toContainEqual({
    type: 'file',
    path: '/etc/ssl/certs/ca-certificates.crt',
    mode: '0644',
    content: two.pem + one.pem,
  })
  for (const name of ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'])
    expect(plan.config.Env).toContain(`${name}=/etc/ssl/certs/ca-certificates.crt`)
  expect(plan.trust?.map(({ subject }) => subject)).toEqual(['CN=2', 'CN=1', 'CN=1'])
  const { locked } = sbomFactsOf(recipe, { ...lockFor(recipe), trust: files }, `sha256:${'c'.repeat(64)}`)
  expect(locked).toContainEqual(expect.objectContaining({ type: 'certificate', name: 'CN=2' }))
})

test('a model that sees is told of, one that does not is not', () => {
  const doubts = [expect.stringMatching(/image_url by https cannot be fetched.*image\.trust/)]
  expect(planned('vllm', {}, 'gemma-3-4b').doubts).toEqual(doubts)
  expect(planned('vllm', { slim: ['safe'] }, 'gemma-3-4b').doubts).toEqual(doubts)
  expect(planned('vllm', { slim: ['jit'] }, 'gemma-3-4b').doubts).toBeUndefined()
  expect(planned('vllm', { slim: false }, 'gemma-3-4b').doubts).toBeUndefined()
  expect(planned('vllm', { trust: 'keep' }, 'gemma-3-4b').doubts).toBeUndefined()
  expect(planned('vllm', {}, 'smollm2-135m').doubts).toBeUndefined()
})
