import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { assembleImage } from '../../../images/oci/oci.ts'
import { type ImagePlan, planDigestOf, planImage } from '../../../images/plan/plan.ts'
import { type Report, reportJson } from '../../../images/report/report.ts'
import type { Digest } from '../../../lib/digest.ts'
import { findImage } from '../../../pipelines/catalogue/find-image.ts'
import { keepPlan } from '../../../pipelines/catalogue/plan-record.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { writeRecord } from '../../../pipelines/store/record.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { subjectOf } from '../../../pipelines/verify/subject.ts'
import { lockFor, recipeFor } from '../../images/engines/fixtures.ts'
import { report as sampleReport } from '../../images/report-sample.ts'
import { storeImage } from '../store/store-image.ts'

let folder: string
let store: Store
let plan: ImagePlan
let image: Digest

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-subject-'))
  store = await openStore(join(folder, 'store'))
  const recipe = recipeFor('vllm', (draft) => {
    draft.weights.delivery = 'mounted'
  })
  plan = planImage(recipe, lockFor(recipe))
  image = await stored('server', { 'dev.ingot.plan': planDigestOf(plan) })
  await keepPlan(store, plan)
})

afterEach(async () => {
  await closeStore(store)
  await rm(folder, { recursive: true })
})

function stored(name: string, labels: Record<string, string>, command = name): Promise<Digest> {
  return storeImage(
    store,
    assembleImage([], { Cmd: [command], Labels: labels }, 'linux/amd64', {}),
    `${name}:latest`,
  )
}

async function reported(report: Partial<Report>): Promise<void> {
  await writeRecord(
    store,
    'report',
    planDigestOf(plan),
    reportJson({ ...sampleReport(), image, plan: planDigestOf(plan), ...report }),
  )
}

const settings = { locksFolder: undefined }
const find = async () => subjectOf(await findImage(image, store, { settings, act: 'verify' }), store)

test('weights are those that the report names, whatever lies under their name later', async () => {
  const weightsImage = await stored(`${plan.name}-weights`, { 'dev.ingot.weights': plan.weights.setDigest })
  await reported({ weightsImage })
  await stored(`${plan.name}-weights`, { 'dev.ingot.weights': 'of another recipe' }, 'other')
  const { mounts, report } = await find()
  expect(mounts).toEqual([{ image: weightsImage, path: plan.weights.modelFolder }])
  expect(report.weightsImage).toBe(weightsImage)
})

test('an image that was not booted takes the weights of its name, and the report says which', async () => {
  const weightsImage = await stored(`${plan.name}-weights`, { 'dev.ingot.weights': plan.weights.setDigest })
  await reported({})
  expect((await find()).report.weightsImage).toBe(weightsImage)
})

test('weights of another content are not taken for its own', async () => {
  await stored(`${plan.name}-weights`, { 'dev.ingot.weights': `sha256:${'0'.repeat(64)}` })
  await reported({})
  await expect(find()).rejects.toMatchObject({ code: 'no-image' })
})

test('an image without its weights in the store cannot be verified', async () => {
  await reported({})
  await expect(find()).rejects.toThrow('its weights are not in the store')
})
