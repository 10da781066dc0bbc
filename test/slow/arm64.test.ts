import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { digestOf } from '../../lib/digest.ts'
import { demoRecipe, ingot, newWorkplace, storyOf, type Workplace } from '../e2e/ingot.ts'
import { type DebianRegistry, startDebianRegistry } from '../pipelines/publish/debian-registry.ts'

// One recipe for two platforms: both built and booted, and one index over both. In the lab linux/arm64 is emulated by qemu-user.

const text = `extends: _demo.yaml
name: demo
serving: { contextLength: 512 }
verify: { startTimeoutSeconds: 900, prompts: ["The capital of France is"] }
matrix: { platform: [linux/amd64, linux/arm64] }
`

let place: Workplace
let registry: DebianRegistry
let reports: Report[]

beforeAll(async () => {
  registry = await startDebianRegistry()
  place = await newWorkplace()
  await mkdir(join(place.folder, 'recipes'))
  await copyFile(demoRecipe, join(place.folder, 'recipes/_demo.yaml'))
  await writeFile(join(place.folder, 'recipes/demo.yaml'), text)
  const built = await ingot(['build', 'recipes', '--parallel', '1', '--json'], place)
  expect(built.code, storyOf(built)).toBe(0)
  reports = JSON.parse(built.stdout)
})

afterAll(async () => {
  await registry?.close()
  await rm(place.folder, { recursive: true, force: true })
})

function reportOf(architecture: string): Report {
  const found = reports.find(({ name }) => name === `demo-linux-${architecture}`)
  if (found === undefined) throw new Error(`no report of ${architecture}`)
  return found
}

test('both are verified, and the report of the emulated one says so', () => {
  expect(reports.map(({ verdict }) => verdict)).toEqual(['verified', 'verified'])
  const machines = (architecture: string) =>
    reportOf(architecture).boots.map(({ machine }) => machine?.emulates)
  expect(machines('amd64')).toEqual([undefined, undefined])
  expect(machines('arm64')).toEqual(['linux/arm64', 'linux/arm64'])
})

test('they share the weights and nothing else', () => {
  const layers = (architecture: string, part: string) =>
    reportOf(architecture)
      .layers.filter((layer) => (layer.part === 'weights') === (part === 'weights'))
      .map(({ digest }) => digest)
  expect(layers('arm64', 'weights')).toEqual(layers('amd64', 'weights'))
  const shared = layers('arm64', 'runtime').filter((digest) => layers('amd64', 'runtime').includes(digest))
  // Accounts and folders of ingot hold no program.
  expect(shared.length).toBeLessThanOrEqual(1)
})

interface IndexEntry {
  digest: string
  platform: { os: string; architecture: string }
}

let index: string

test('they are published as one index, whose digests are the booted ones', async () => {
  const files = ['recipes/demo.yaml#demo-linux-amd64', 'recipes/demo.yaml#demo-linux-arm64']
  const published = await ingot(['publish', ...files, '--to', `${registry.host}/both:1`], place)
  expect(published.code, published.stderr).toBe(0)
  const answer = await fetch(`${registry.origin}/v2/both/manifests/1`, {
    headers: { accept: 'application/vnd.oci.image.index.v1+json' },
  })
  const body = await answer.text()
  index = digestOf(body)
  const { manifests }: { manifests: IndexEntry[] } = JSON.parse(body)
  expect(manifests.map(({ digest, platform }) => [platform.architecture, digest]).sort()).toEqual([
    ['amd64', reportOf('amd64').image],
    ['arm64', reportOf('arm64').image],
  ])
})

test('pulled back out of that index into an empty store, both are booted again', async () => {
  const environment = { ...place.environment, INGOT_STORE: join(place.folder, 'second-store') }
  const from = ['--from-registry', `${registry.host}/both@${index}`]
  const args = ['build', 'recipes', '--parallel', '1', ...from, '--json']
  const built = await ingot(args, { ...place, environment })
  expect(built.code, storyOf(built)).toBe(0)
  expect(built.stderr).not.toContain('its runtime is built here')
  const again: Report[] = JSON.parse(built.stdout)
  expect(again.map(({ image, verdict }) => [image, verdict]).sort()).toEqual(
    reports.map(({ image }) => [image, 'verified']).sort(),
  )
})
