import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { planImage } from '../../images/plan/plan.ts'
import { completeCycloneDx } from '../../images/sbom/cyclonedx.ts'
import { sbomFactsOf } from '../../images/sbom/sbom.ts'
import { completeSpdx } from '../../images/sbom/spdx.ts'
import { type Digest, digestOf } from '../../lib/digest.ts'
import { companionsOf } from '../../pipelines/catalogue/companions.ts'
import { builtSbom, companionSbom } from '../../pipelines/outgoing/prepare.ts'
import type { Sbom } from '../../pipelines/sbom/sbom.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { blobPath } from '../../pipelines/store/blobs.ts'
import { readImageManifest } from '../../pipelines/store/image.ts'
import { cycloneDxProblems, spdxProblems } from '../images/sbom/validate.ts'
import { artifactSample } from '../pipelines/outgoing/sample.ts'
import { lock, recipe, sampleImage } from '../pipelines/sbom/image.ts'
import { scratchStore } from '../scratch.ts'
import { toolPath } from '../tools/find.ts'

let syft: string

// Building syft took 198 s on two cores with nothing else on them, 14 minutes on busy ones.
beforeAll(async () => {
  syft = toolPath('syft')
})

async function make(hasWeights: boolean): Promise<Sbom & { image: Digest }> {
  const store = await scratchStore()
  const report = await sampleImage(store)
  if (!hasWeights)
    for (const { part, digest } of report.layers) if (part === 'weights') await rm(blobPath(store, digest))
  const settings = readSettings({ ...process.env, INGOT_SYFT: syft })
  const place = { file: 'sample.yaml', folder: '/nonexistent', lockFile: 'sample.lock.json' }
  const origin = { ...place, recipe, lock }
  return {
    ...(await builtSbom({ origin, plan: planImage(recipe, lock), report }, { store, settings })),
    image: report.image,
  }
}

const digestsOf = ({ spdx, cycloneDx }: Sbom) => [digestOf(spdx), digestOf(cycloneDx)]

test('two stores give the same bytes, and both documents are valid', async () => {
  const [one, other] = [await make(true), await make(true)]
  // Not by toEqual: a difference would print both documents.
  expect(digestsOf(one)).toEqual(digestsOf(other))
  expect(await spdxProblems(one.spdx)).toBe('')
  expect(await cycloneDxProblems(one.cycloneDx)).toBe('')
})

test('no byte of the weights is read: without them in the store the document is the same', async () => {
  expect(digestsOf(await make(false))).toEqual(digestsOf(await make(true)))
})

test('syft says what the unit tests say it says', async () => {
  const made = await make(true)
  // The digest of the sample image enters the facts, not the recorded files.
  const facts = sbomFactsOf(recipe, lock, made.image)
  const recorded = (name: string) =>
    readFile(join(import.meta.dirname, '../images/sbom/golden', name), 'utf8')
  expect(JSON.parse(made.spdx)).toEqual(JSON.parse(completeSpdx(await recorded('syft-spdx.json'), facts)))
  expect(JSON.parse(made.cycloneDx)).toEqual(
    JSON.parse(completeCycloneDx(await recorded('syft-cyclonedx.json'), facts)),
  )
})

test('a modelcar’s: its programs and the model, without a byte of the weights, valid in both forms', async () => {
  const store = await scratchStore()
  const built = await artifactSample(store)
  const modelcar = (await companionsOf(store, built)).find(({ name }) => name === 'modelcar')
  if (modelcar === undefined) throw new Error('the sample has no modelcar')
  const { layers } = await readImageManifest(store, modelcar.image.digest)
  for (const { digest } of layers) if (!modelcar.programs.includes(digest)) await rm(blobPath(store, digest))
  const settings = readSettings({ ...process.env, INGOT_SYFT: syft })
  const sbom = await companionSbom(built, modelcar, { store, settings })
  expect(await spdxProblems(sbom.spdx)).toBe('')
  expect(await cycloneDxProblems(sbom.cycloneDx)).toBe('')
  const names = JSON.parse(sbom.spdx).packages.map(({ name }: { name: string }) => name)
  expect(names).toEqual(expect.arrayContaining(['sbom-sample-modelcar', 'busybox-static', 'acme/sample']))
})
