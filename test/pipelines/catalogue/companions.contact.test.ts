import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assembleImage } from '../../../images/oci/oci.ts'
import { companionsOf } from '../../../pipelines/catalogue/companions.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { builtSample } from '../outgoing/sample.ts'
import { storeImage } from '../store/store-image.ts'

let folder: string
let store: Store

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-companions-'))
  store = await openStore(join(folder, 'store'))
})

afterAll(async () => {
  await closeStore(store)
  await rm(folder, { recursive: true })
})

test('a modelcar goes with the image that asks for one, if it has the same weights', async () => {
  const built = await builtSample(store)
  const { plan } = built
  const keep = async (kind: string, setDigest: string) => {
    const image = assembleImage([], { Labels: { 'dev.ingot.weights': setDigest } }, plan.platform, {})
    await storeImage(store, image, `${plan.name}-${kind}:latest`)
  }
  for (const kind of ['weights', 'modelcar']) await keep(kind, plan.weights.setDigest)
  const modelcar = {
    locked: { type: 'debian', base: { reference: 'b', digest: plan.weights.setDigest }, packages: [] },
  }
  const withWeights = (weights: object) =>
    companionsOf(store, { ...built, plan: { ...plan, weights: { ...plan.weights, ...weights } } })
  const namesOf = (found: { name: string }[]) => found.map(({ name }) => name)
  const wished = { delivery: 'artifact', modelcar: { ...modelcar, modelFolder: '/models/x', links: [] } }
  expect(namesOf(await withWeights({ delivery: 'baked' }))).toEqual([])
  expect(namesOf(await withWeights({ delivery: 'artifact' }))).toEqual(['weights'])
  expect(namesOf(await withWeights(wished))).toEqual(['weights', 'modelcar'])
  await keep('modelcar', 'sha256:other')
  expect(namesOf(await withWeights(wished))).toEqual(['weights'])
})
