import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoRecipe, ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'

let place: Workplace

beforeAll(async () => {
  place = await newWorkplace()
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

async function blob(digest: string): Promise<string> {
  return readFile(join(place.store, 'blobs/sha256', digest.replace('sha256:', '')), 'utf8')
}

test('an image packed with gzip is verified, twice the same, and says of itself what registries read', async () => {
  const text = (await readFile(demoRecipe, 'utf8')).replace('image:\n', 'image:\n  compression: gzip\n')
  const recipe = await writeRecipe(place, 'demo', text)
  const run = await ingot(['build', recipe, '--json'], place)
  expect(run.code, run.stderr).toBe(0)
  const [report] = JSON.parse(run.stdout)
  expect(report.verdict).toBe('verified')
  const manifest = JSON.parse(await blob(report.image))
  const gzip = 'application/vnd.oci.image.layer.v1.tar+gzip'
  const types = manifest.layers.map(({ mediaType }: { mediaType: string }) => mediaType)
  expect(new Set(types)).toEqual(new Set([gzip, 'application/vnd.oci.image.layer.v1.tar']))
  expect(manifest.annotations).toMatchObject({
    'org.opencontainers.image.title': report.name,
    'org.opencontainers.image.version': report.engine.version,
    'org.opencontainers.image.licenses': 'Apache-2.0',
    'org.opencontainers.image.base.name': 'debian:forky-slim',
  })
  const other = await newWorkplace()
  const environment = { ...other.environment, INGOT_LOCKS: join(place.folder, 'locks') }
  const again = await ingot(['build', recipe, '--no-verify', '--json'], { ...other, environment })
  await rm(other.folder, { recursive: true, force: true })
  expect(again.code, again.stderr).toBe(0)
  expect(JSON.parse(again.stdout)[0].image).toBe(report.image)
})
