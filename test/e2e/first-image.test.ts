import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createZstdDecompress } from 'node:zlib'
import { connect } from '@dagger.io/dagger'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mediaTypes } from '../../images/oci/oci.ts'
import type { Report } from '../../images/report/report.ts'
import type { Digest } from '../../lib/digest.ts'
import { serveStore } from '../../pipelines/registry-server/server.ts'
import { readBlob } from '../../pipelines/store/blobs.ts'
import { verifyStore } from '../../pipelines/store/check.ts'
import { readImageConfig, readImageManifest } from '../../pipelines/store/image.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { toolPath } from '../tools/find.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace } from './ingot.ts'

const run = promisify(execFile)
const modelBytes = 98_362_432

let place: Workplace
let store: Store
let report: Report

beforeAll(async () => {
  place = await newWorkplace()
  const built = await ingot(['build', demoRecipe, '--json'], place)
  expect(built.code, built.stderr).toBe(0)
  report = JSON.parse(built.stdout)[0]
  store = await openStore(place.store)
})

afterAll(async () => {
  await closeStore(store)
  await rm(place.folder, { recursive: true, force: true })
})

test('the image is verified: no failed and no skipped check, under two identities', () => {
  expect(report.verdict).toBe('verified')
  const checks = report.boots.flatMap((boot) => boot.checks)
  expect(checks.filter((check) => check.status !== 'passed')).toEqual([])
  expect(checks.length).toBeGreaterThanOrEqual(30)
  expect(report.boots.map((boot) => boot.identity)).toEqual([
    { uid: 54321, gid: 0 },
    { uid: 54321, gid: 54321 },
  ])
})

test('the model answers', () => {
  const answers = report.boots.flatMap((boot) => boot.answers)
  expect(answers.map((answer) => answer.answer.toLowerCase())).toEqual([
    expect.stringContaining('paris'),
    expect.stringContaining('paris'),
  ])
})

test('it is at most 1.15 times model + 75 MB as stored', () => {
  expect(report.sizes.storedBytes).toBeLessThanOrEqual(1.15 * (modelBytes + 75e6))
  expect(report.sizes.weightsBytes).toBeGreaterThanOrEqual(modelBytes)
})

test('a second build does no work and prints the same digest last', async () => {
  const again = await ingot(['build', demoRecipe], place)
  expect(again.code).toBe(0)
  expect(again.stdout.trimEnd().split('\n').at(-1)).toBe(report.image)
  expect(again.stderr).toBe('')
})

test('empty caches give the same image digest', async () => {
  await connect(async (client) => void (await client.engine().localCache().prune()))
  const other = await newWorkplace()
  try {
    // The same lock: what an archive offers may change between two locks, never between two builds.
    other.environment['INGOT_LOCKS'] = place.environment['INGOT_LOCKS']
    const built = await ingot(['build', demoRecipe, '--no-verify'], other)
    expect(built.code, built.stderr).toBe(0)
    expect(built.stdout.trimEnd().split('\n').at(-1)).toBe(report.image)
  } finally {
    await rm(other.folder, { recursive: true, force: true })
  }
})

test('nothing of the build machine is in the image', async () => {
  const certificates = await machineCertificates()
  const suspicious: string[] = []
  for (const layer of (await readImageManifest(store, report.image)).layers)
    await eachFile(layer.digest, layer.mediaType, (path, content) => {
      if (/\.(crt|pem|key)$|^etc\/(resolv\.conf|hosts|hostname)$|^tmp\/.|^root\//.test(path))
        suspicious.push(path)
      if (certificates.some((line) => content.includes(line))) suspicious.push(`${path} holds a certificate`)
    })
  expect(suspicious).toEqual([])
})

test('it runs as a numbered user, with a fixed time, and carries its plan and weights as labels', async () => {
  const { config, created, history } = await readImageConfig(store, report.image)
  expect(config.User).toBe('10001:0')
  expect(config.Labels).toMatchObject({
    'dev.ingot.plan': report.plan,
    'dev.ingot.engine': expect.stringMatching(/^llama-cpp@\d/),
  })
  expect(new Set([created, ...history.map((entry) => entry.created)])).toEqual(
    new Set(['1970-01-01T00:00:01Z']),
  )
})

test('skopeo and crane accept it, as a layout and from the registry', async () => {
  const [skopeo, crane] = [toolPath('skopeo'), toolPath('crane')]
  const registry = await serveStore(store)
  try {
    const inspected = JSON.parse(
      (await run(skopeo, ['inspect', `oci:${place.store}:${report.name}:latest`])).stdout,
    )
    expect(inspected.Digest).toBe(report.image)
    await run(crane, ['validate', '--fast', '--remote', `localhost:${registry.port}/ingot@${report.image}`])
  } finally {
    await registry.close()
  }
})

test('the report lies beside the image and the store is sound', async () => {
  const markdown = await readdir(join(place.store, 'ingot/report-markdown'))
  expect(markdown).toHaveLength(1)
  expect((await verifyStore(store)).problems).toBe(0)
})

/** Lines of base64 that only the certificates added to this machine have. */
async function machineCertificates(): Promise<string[]> {
  const folder = '/usr/local/share/ca-certificates'
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const texts = await Promise.all(
    names.filter((name) => name.endsWith('.crt')).map((name) => readFile(join(folder, name), 'utf8')),
  )
  return texts.map((text) => new X509Certificate(text).raw.toString('base64').slice(0, 64))
}

async function eachFile(
  digest: Digest,
  mediaType: string,
  see: (path: string, content: string) => void,
): Promise<void> {
  const tar = extract()
  tar.on('entry', (header, stream, next) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk) => {
      // tar-stream's entries give buffers.
      if (header.size < 32e6) chunks.push(chunk as Buffer)
    })
    stream.on('end', () => {
      see(header.name, Buffer.concat(chunks).toString('latin1'))
      next()
    })
  })
  const blob = readBlob(store, digest)
  if (mediaType === mediaTypes.layerZstd) await pipeline(blob, createZstdDecompress(), tar)
  else await pipeline(blob, tar)
}
