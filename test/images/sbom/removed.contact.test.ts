import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { completeCycloneDx } from '../../../images/sbom/cyclonedx.ts'
import { sbomFactsOf } from '../../../images/sbom/sbom.ts'
import { completeSpdx } from '../../../images/sbom/spdx.ts'
import type { PackageContents } from '../../../images/tree/packages.ts'
import { digestOf } from '../../../lib/digest.ts'
import { lock, recipe } from '../../pipelines/sbom/image.ts'
import { cycloneDxProblems, spdxProblems } from './validate.ts'

const read = (name: string) => readFileSync(join(import.meta.dirname, 'golden', name), 'utf8')
const left = { files: 12, keptFiles: 3 }
const nothingLeft = { files: 12, keptFiles: 0 }
/** syft lists the first and not the second; of the third something stays; of the last nobody knows the version. */
const packages: PackageContents[] = [
  { type: 'deb', name: 'libgomp1', version: '1:12.2.0-14', architecture: 'amd64', ...nothingLeft },
  { type: 'deb', name: 'perl-base', version: '5.36.0-7+deb12u1', architecture: 'amd64', ...nothingLeft },
  { type: 'pypi', name: 'typing_extensions', version: '4.15.0', ...left },
  { type: 'pypi', name: 'unknown', ...nothingLeft },
]
const facts = sbomFactsOf(recipe, lock, digestOf('an image'), { packages })
const spdx = completeSpdx(read('syft-spdx.json'), facts)
const cycloneDx = completeCycloneDx(read('syft-cyclonedx.json'), facts)
const told = 'removed: slimming took all 12 files of it'

test('CycloneDX lists a package of which nothing stays as excluded, syft’s and others, and stays valid', async () => {
  const { components } = JSON.parse(cycloneDx)
  const excluded = components.filter(({ scope }: { scope?: string }) => scope === 'excluded')
  expect(excluded.map(({ name }: { name: string }) => name)).toEqual(['libgomp1', 'perl-base'])
  for (const { properties } of excluded)
    expect(properties).toContainEqual({ name: 'dev.ingot:contents', value: told })
  expect(await cycloneDxProblems(cycloneDx)).toBe('')
})

test('SPDX says that the image does not contain it, and stays valid', async () => {
  const document = JSON.parse(spdx)
  const removed = document.packages.filter(({ comment }: { comment?: string }) => comment === told)
  expect(removed.map(({ name }: { name: string }) => name)).toEqual(['libgomp1', 'perl-base'])
  for (const { SPDXID } of removed) {
    const of = document.relationships.filter(
      (item: { relatedSpdxElement: string }) => item.relatedSpdxElement === SPDXID,
    )
    expect(of.length).toBeGreaterThan(0)
    for (const { relationshipType } of of) expect(relationshipType).not.toBe('CONTAINS')
  }
  expect(await spdxProblems(spdx)).toBe('')
})

test('an image of which every package has something left says nothing more than before', () => {
  const whole = sbomFactsOf(recipe, lock, digestOf('an image'), {
    packages: packages.filter(({ keptFiles }) => keptFiles > 0),
  })
  expect(completeSpdx(read('syft-spdx.json'), whole)).not.toContain('removed: slimming')
  expect(whole).toEqual(sbomFactsOf(recipe, lock, digestOf('an image')))
})
