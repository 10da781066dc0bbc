import { expect, test } from 'vitest'
import { assembleImage, fixedTime } from '../../../images/oci/oci.ts'
import { commonAnnotations, imageAnnotations } from '../../../images/plan/annotations.ts'
import { licenceExpression } from '../../../images/plan/licence-expression.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

function plan() {
  const recipe = recipeFor('llama-cpp', (one) => {
    one.model.license = 'apache-2.0'
    one.image.labels = { 'org.opencontainers.image.source': 'https://example.org/x', team: 'search' }
  })
  return planImage(recipe, lockFor(recipe))
}

test('annotations are the labels under OCI’s names, with the licence as SPDX writes it', () => {
  const { config } = plan()
  expect(imageAnnotations(plan())).toEqual({
    'org.opencontainers.image.title': 'smollm2-135m-llama-cpp',
    'org.opencontainers.image.description': config.Labels?.['org.opencontainers.image.description'],
    'org.opencontainers.image.version': config.Labels?.['org.opencontainers.image.version'],
    'org.opencontainers.image.base.name': 'debian:forky-slim',
    'org.opencontainers.image.base.digest': config.Labels?.['org.opencontainers.image.base.digest'],
    'org.opencontainers.image.licenses': 'Apache-2.0',
    'org.opencontainers.image.source': 'https://example.org/x',
  })
})

test('a time that a person sets is the image’s everywhere; without one there is none', () => {
  const createdAt = '2023-11-14T22:13:20Z'
  const layer = {
    descriptor: { mediaType: 'x', digest: `sha256:${'0'.repeat(64)}`, size: 1 },
    diffId: `sha256:${'1'.repeat(64)}`,
    cause: 'engine',
  } as const
  const made = (annotations: Record<string, string>) => assembleImage([layer], {}, 'linux/amd64', annotations)
  const told = made(imageAnnotations(plan(), createdAt))
  expect(JSON.parse(told.config.bytes)).toMatchObject({
    created: createdAt,
    history: [{ created: createdAt }],
  })
  expect(JSON.parse(told.manifest.bytes).annotations['org.opencontainers.image.created']).toBe(createdAt)
  const silent = made(imageAnnotations(plan()))
  expect(JSON.parse(silent.config.bytes).created).toBe(fixedTime)
  expect(silent.manifest.bytes).not.toContain('image.created')
})

test.each([
  ['apache-2.0', 'Apache-2.0'],
  ['MIT', 'MIT'],
  ['mit OR apache-2.0', 'MIT OR Apache-2.0'],
  ['(mit and BSD-3-Clause) or llama3.1', '(MIT AND BSD-3-Clause) OR LicenseRef-llama3.1'],
  ['gpl-3.0-or-later', 'GPL-3.0-or-later'],
  ['gpl-3.0', 'LicenseRef-gpl-3.0'],
  ['llama3.1', 'LicenseRef-llama3.1'],
  ['Llama 3.1 and its policy', 'LicenseRef-Llama-3.1-and-its-policy'],
  ['LicenseRef-Mine', 'LicenseRef-Mine'],
  ['other', 'LicenseRef-other'],
  ['…', 'NOASSERTION'],
])('the licence %s is the expression %s', (text, expected) => {
  expect(licenceExpression(text)).toBe(expected)
})

test('an index says what all of its images say', () => {
  expect(
    commonAnnotations([
      { a: '1', b: '2' },
      { a: '1', b: '3' },
    ]),
  ).toEqual({ a: '1' })
  expect(commonAnnotations([])).toEqual({})
})
