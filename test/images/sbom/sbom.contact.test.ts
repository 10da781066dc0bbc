import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { completeCycloneDx } from '../../../images/sbom/cyclonedx.ts'
import { sbomFactsOf } from '../../../images/sbom/sbom.ts'
import { completeSpdx } from '../../../images/sbom/spdx.ts'
import { licencesByPackage } from '../../../images/tree/copyright.ts'
import { digestOf } from '../../../lib/digest.ts'
import { uuidOf } from '../../../lib/uuid.ts'
import { lock, recipe } from '../../pipelines/sbom/image.ts'
import { factsOf as modelFacts } from '../memory/models.ts'
import { cycloneDxProblems, spdxProblems } from './validate.ts'

// The validators are installed on first use.
vi.setConfig({ testTimeout: 300_000 })

// What syft 1.57.0 wrote for the sample image; test/slow/sbom.test.ts holds the files against syft.
const read = (name: string) => readFileSync(join(import.meta.dirname, 'golden', name), 'utf8')
const image = digestOf('an image')
const facts = sbomFactsOf(recipe, lock, image)
const spdx = completeSpdx(read('syft-spdx.json'), facts)
const cycloneDx = completeCycloneDx(read('syft-cyclonedx.json'), facts)
const files = lock.weights.files.map(({ path, sha256 }) => [path, sha256] as const)
/** Names and versions of packages, those that the tree lists and those only the lock has. */
const packages = ['libgomp1 1:12.2.0-14', 'typing-extensions 4.15.0', 'tzdata 2026f-1', 'torch 2.13.0']

describe('SPDX', () => {
  const document = JSON.parse(spdx)
  const byName = (name: string) => document.packages.find((item: { name: string }) => item.name === name)

  test('is valid for the SPDX project’s own reader, which sees what is wrong', async () => {
    expect(await spdxProblems(spdx)).toBe('')
    expect(await spdxProblems(spdx.replace('SPDXRef-Model"', 'SPDXRef-Other"'))).not.toBe('')
  })

  test('lists each package once, whether slimming left its database or not', () => {
    const found = document.packages.map(
      (item: { name: string; versionInfo?: string }) => `${item.name} ${item.versionInfo}`,
    )
    for (const name of packages) expect(found.filter((item: string) => item === name)).toEqual([name])
  })

  test('has the model with licence, revision, set digest and the hash of every file', () => {
    const model = byName('acme/sample')
    expect(model).toMatchObject({
      versionInfo: 'c'.repeat(40),
      licenseDeclared: 'LicenseRef-Model-llama3.1',
      checksums: [{ algorithm: 'SHA256', checksumValue: lock.weights.setDigest.slice(7) }],
    })
    for (const [path, sha256] of files)
      expect(byName(path).checksums).toEqual([{ algorithm: 'SHA256', checksumValue: sha256 }])
    expect(document.hasExtractedLicensingInfos).toMatchObject([{ licenseId: 'LicenseRef-Model-llama3.1' }])
  })

  test('names the image that ships and no time or path of this machine', () => {
    expect(byName('sbom-sample')).toMatchObject({ versionInfo: image })
    expect(document.creationInfo.created).toBe('1970-01-01T00:00:01Z')
    expect(spdx).not.toMatch(/\/tmp\/|anchore\.com\/syft\/image/)
  })
})

describe('CycloneDX', () => {
  const document = JSON.parse(cycloneDx)
  const byName = (name: string) => document.components.find((item: { name: string }) => item.name === name)

  test('is valid by its own library’s strict schema, which sees what is wrong', async () => {
    expect(await cycloneDxProblems(cycloneDx)).toBe('')
    expect(await cycloneDxProblems(cycloneDx.replace('machine-learning-model', 'model'))).not.toBe('')
  })

  test('lists each package once, whether slimming left its database or not', () => {
    const found = document.components.map(
      (item: { name: string; version?: string }) => `${item.name} ${item.version}`,
    )
    for (const name of packages) expect(found.filter((item: string) => item === name)).toEqual([name])
  })

  test('has the model as a machine-learning model', () => {
    expect(byName('acme/sample')).toMatchObject({
      type: 'machine-learning-model',
      version: 'c'.repeat(40),
      licenses: [{ license: { name: 'llama3.1' } }],
      hashes: [{ alg: 'SHA-256', content: lock.weights.setDigest.slice(7) }],
      components: files.map(([name, content]) => ({ name, hashes: [{ alg: 'SHA-256', content }] })),
    })
  })

  test('names the image that ships and no time or path of this machine', () => {
    expect(document.metadata.component).toMatchObject({ name: 'sbom-sample', version: image })
    expect(document.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(document.metadata.timestamp).toBe('1970-01-01T00:00:01Z')
    expect(cycloneDx).not.toContain('/tmp/')
  })
})

test('a licence that SPDX lists is declared by its identifier', () => {
  const open = sbomFactsOf(recipe, { ...lock, weights: { ...lock.weights, license: 'apache-2.0' } }, image)
  const spdxModel = JSON.parse(completeSpdx(read('syft-spdx.json'), open)).packages.find(
    ({ name }: { name: string }) => name === 'acme/sample',
  )
  expect(spdxModel.licenseDeclared).toBe('Apache-2.0')
  expect(completeCycloneDx(read('syft-cyclonedx.json'), open)).toContain('{"id":"Apache-2.0"}')
})

test('weights that are mounted are a dependency, not a part', () => {
  const mounted = sbomFactsOf({ ...recipe, weights: { ...recipe.weights, delivery: 'mounted' } }, lock, image)
  const { relationships } = JSON.parse(completeSpdx(read('syft-spdx.json'), mounted))
  const ofModel = relationships.filter(
    ({ relatedSpdxElement, spdxElementId }: Record<string, string>) =>
      relatedSpdxElement === 'SPDXRef-Model' ||
      (spdxElementId === 'SPDXRef-Model' && !relatedSpdxElement?.includes('File')),
  )
  expect(ofModel).toMatchObject([
    { spdxElementId: 'SPDXRef-Model', relationshipType: 'RUNTIME_DEPENDENCY_OF' },
  ])
})

describe('the card of the model', () => {
  const model = modelFacts('llama-3.1-8b')
  const cardOf = (more: Partial<typeof recipe.model>, known: typeof lock) => {
    const told = { ...recipe, model: { ...recipe.model, ...more } }
    const text = completeCycloneDx(read('syft-cyclonedx.json'), sbomFactsOf(told, known, image))
    const { components } = JSON.parse(text)
    const found = components.find(({ type }: { type: string }) => type === 'machine-learning-model')
    return { text, card: found.modelCard }
  }

  test('says what the model is for, what it is and how large, in a valid document', async () => {
    const { text, card } = cardOf({ task: ['chat', 'vision'] }, { ...lock, model })
    expect(card.modelParameters).toEqual({
      task: 'text-generation',
      architectureFamily: 'llama',
      modelArchitecture: 'LlamaForCausalLM',
      inputs: [{ format: 'text' }, { format: 'image' }],
      outputs: [{ format: 'text' }],
    })
    const names = ['dev.ingot:parameters', 'dev.ingot:context-length', 'dev.ingot:tasks']
    expect(card.properties.filter(({ name }: { name: string }) => names.includes(name))).toEqual([
      { name: 'dev.ingot:context-length', value: '131072' },
      { name: 'dev.ingot:parameters', value: '8030261248' },
      { name: 'dev.ingot:tasks', value: 'text-generation image-text-to-text' },
    ])
    expect(await cycloneDxProblems(text)).toBe('')
    expect(await cycloneDxProblems(text.replace('"modelArchitecture"', '"architecture"'))).not.toBe('')
  })

  test('says nothing of a model that the lock does not know', async () => {
    const { text, card } = cardOf({}, lock)
    const formats = [{ format: 'text' }]
    expect(card.modelParameters).toEqual({ task: 'text-generation', inputs: formats, outputs: formats })
    expect(card.properties).toEqual([])
    expect(await cycloneDxProblems(text)).toBe('')
  })
})

test('a serial number is a function of the digest', () => {
  expect(uuidOf(digestOf('a'))).toBe(uuidOf(digestOf('a')))
  expect(uuidOf(digestOf('a'))).not.toBe(uuidOf(digestOf('b')))
})

describe('licences of Debian packages, whose copyright files slimming takes', () => {
  const listing = [
    'usr/share/doc/libgomp1/copyright:License: GPL-3+ with GCC Runtime exception',
    'usr/share/doc/libgomp1/copyright:License: LGPL-2.1+ ',
    'usr/share/doc/libgomp1/copyright:License: LGPL-2.1+',
    'usr/share/doc/tzdata/copyright:License: public-domain',
    `usr/share/doc/tzdata/copyright:License: ${'permission is granted to '.repeat(9)}`,
    'grep: usr/share/doc/x/copyright: is no file',
    '',
  ].join('\n')
  const licences = licencesByPackage(listing)
  const known = sbomFactsOf(recipe, lock, image, { licences })

  test('are read by package, each once', () => {
    expect(licences).toEqual({
      libgomp1: ['GPL-3+ with GCC Runtime exception', 'LGPL-2.1+'],
      tzdata: ['public-domain'],
    })
  })

  test('stand in both documents, which stay valid', async () => {
    const [ours, theirs] = [
      completeSpdx(read('syft-spdx.json'), known),
      completeCycloneDx(read('syft-cyclonedx.json'), known),
    ]
    const ofSpdx = (name: string) =>
      JSON.parse(ours).packages.find((item: { name: string }) => item.name === name).licenseComments
    expect(ofSpdx('libgomp1')).toContain('GPL-3+ with GCC Runtime exception, LGPL-2.1+')
    expect(ofSpdx('tzdata')).toContain('public-domain')
    const ofCycloneDx = (name: string) =>
      JSON.parse(theirs).components.find((item: { name: string }) => item.name === name).licenses
    expect(ofCycloneDx('tzdata')).toEqual([{ license: { name: 'public-domain' } }])
    // What syft knew by itself stays.
    expect(ofCycloneDx('typing-extensions')).toEqual([{ license: { id: 'PSF-2.0' } }])
    expect([await spdxProblems(ours), await cycloneDxProblems(theirs)]).toEqual(['', ''])
  })
})
