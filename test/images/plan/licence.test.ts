import { describe, expect, test } from 'vitest'
import { isOpenLicence, licenceRefusals, spdxLicence } from '../../../images/plan/licence.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { type Recipe, recipeSchema } from '../../../recipes/recipe.ts'
import { lock, recipe as sample } from '../../pipelines/sbom/image.ts'

const { weights } = lock

function refusals(given: { recipe?: Partial<Recipe['model']>; license?: string; gated?: boolean }) {
  const { license, gated, recipe = {} } = given
  const { license: _, gated: __, ...rest } = weights
  return licenceRefusals(
    { ...sample, model: { name: 'acme/sample', ...recipe } },
    { ...rest, ...(license !== undefined && { license }), ...(gated !== undefined && { gated }) },
  )
}

describe('licences that anybody may use', () => {
  test.each([
    'apache-2.0',
    'Apache-2.0',
    'mit',
    'cc-by-4.0',
    'GPL-3.0-or-later',
    'Apache-2.0 OR MIT',
    '(MIT AND bsd-3-clause)',
  ])('%s', (id) => {
    expect(isOpenLicence(id)).toBe(true)
    expect(refusals({ license: id })).toEqual([])
  })
})

describe('licences with terms of their own', () => {
  test.each([
    ['llama3.1', 'https://www.llama.com/llama3_1/license/'],
    ['llama2', 'https://ai.meta.com/llama/license/'],
    ['gemma', 'https://ai.google.dev/gemma/terms'],
    ['cc-by-nc-4.0', 'https://creativecommons.org/licenses/by-nc/4.0/'],
    ['cc-by-nc-sa-4.0', 'https://creativecommons.org/licenses/by-nc-sa/4.0/'],
    ['other', 'https://huggingface.co/acme/sample'],
    ['openrail', 'https://huggingface.co/acme/sample'],
    ['Apache-2.0 AND cc-by-nc-4.0', 'https://huggingface.co/acme/sample'],
    ['something nobody knows', 'https://huggingface.co/acme/sample'],
  ])('%s needs its name in the recipe; the refusal says what to write and where to read', (id, place) => {
    const [refusal, ...others] = refusals({ license: id })
    expect(others).toEqual([])
    expect(refusal?.path).toBe('model.acceptLicense')
    expect(refusal?.hint).toContain(`\`acceptLicense: ${id}\``)
    expect(refusal?.hint).toContain(place)
    expect(refusals({ license: id, recipe: { acceptLicense: id.toUpperCase() } })).toEqual([])
  })

  test('commerce is named where it is forbidden', () => {
    expect(refusals({ license: 'cc-by-nc-4.0' })[0]?.found).toContain('forbids commercial use')
    expect(refusals({ license: 'llama3.1' })[0]?.found).not.toContain('commercial')
  })

  test('accepting another licence accepts nothing: a new revision may come under a new one', () => {
    expect(refusals({ license: 'llama4', recipe: { acceptLicense: 'llama3.1' } })[0]?.found).toContain(
      'accepts llama3.1',
    )
  })

  test('a recipe cannot state the source’s licence away', () => {
    expect(refusals({ license: 'llama3.1', recipe: { license: 'Apache-2.0' } })).toHaveLength(1)
    expect(refusals({ license: 'apache-2.0', recipe: { license: 'llama3.1' } })).toHaveLength(1)
  })
})

describe('gated models', () => {
  test('need consent even under an open licence, and where none is stated', () => {
    expect(refusals({ license: 'apache-2.0', gated: true })[0]?.hint).toContain('`acceptLicense: apache-2.0`')
    expect(refusals({ license: 'apache-2.0', gated: true, recipe: { acceptLicense: 'Apache-2.0' } })).toEqual(
      [],
    )
    expect(refusals({ gated: true })[0]?.hint).toContain('`acceptLicense: gated`')
    expect(refusals({ gated: true, recipe: { acceptLicense: 'gated' } })).toEqual([])
  })
})

test('weights whose source states nothing and asks for nothing pass', () => {
  expect(refusals({})).toEqual([])
})

test('a plan is refused, with all its reasons', () => {
  const { acceptLicense: _, ...model } = sample.model
  expect(() => planImage({ ...sample, model }, lock)).toThrowError(
    expect.objectContaining({ code: 'refused', hint: expect.stringContaining('acceptLicense: llama3.1') }),
  )
})

test('true is no licence', () => {
  const { acceptLicense: _, ...model } = sample.model
  expect(recipeSchema.safeParse({ ...sample, model: { ...model, acceptLicense: true } }).success).toBe(false)
})

test('SPDX’s spelling of what the Hub writes small', () => {
  expect([spdxLicence('apache-2.0'), spdxLicence('cc-by-nc-sa-4.0'), spdxLicence('llama3.1')]).toEqual([
    'Apache-2.0',
    'CC-BY-NC-SA-4.0',
    undefined,
  ])
})
