import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { builtSample } from '../outgoing/sample.ts'
import { recordedSyft } from '../sbom/recorded.ts'
import { bundleSample } from './sample.ts'
import { bytesIn, script } from './script.ts'

test('unsigned, everything that is known of an image is there, for people and for a registry', async () => {
  const [store, folder] = [await scratchStore(), await scratchFolder()]
  const built = await builtSample(store)
  const path = join(folder, 'bundle')
  const environment = { PATH: '/usr/bin:/bin', HOME: folder, INGOT_SYFT: await recordedSyft(folder) }
  await bundleSample({ store, built: [built], folder: path, environment })
  const read = async (name: string) => JSON.parse(await readFile(join(path, name), 'utf8'))
  const { image } = built.report
  expect((await read('test-result/sbom-sample.json')).subject[0].digest.sha256).toBe(image.slice(7))
  expect((await read('provenance/sbom-sample.json')).predicateType).toBe('https://slsa.dev/provenance/v1')
  expect((await read('sbom/sbom-sample.spdx.json')).spdxVersion).toBe('SPDX-2.3')
  expect((await read('sbom/sbom-sample.cyclonedx.json')).bomFormat).toBe('CycloneDX')

  const [of, index = ''] = (await readFile(join(path, 'attached/INDEXES'), 'utf8')).trim().split(' ')
  expect(of).toBe(image)
  const blob = (digest: string) => read(`attached/blobs/sha256/${digest.slice('sha256:'.length)}`)
  const { manifests } = await blob(index)
  // Provenance, test result with the whole report, two forms of an SBOM.
  expect(manifests).toHaveLength(4)
  for (const { digest } of manifests) {
    const manifest = await blob(digest)
    expect(manifest.subject.digest).toBe(image)
    for (const layer of manifest.layers) await blob(layer.digest)
  }
  expect(Object.keys(await bytesIn(path)).filter((name) => /sigstore|ATTESTATIONS/.test(name))).toEqual([])
  expect((await script(join(path, 'verify.sh'))).stdout).not.toContain('signatures')
})

test('one image under two names has one list of what speaks about it', async () => {
  const [store, folder] = [await scratchStore(), await scratchFolder()]
  const built = await builtSample(store)
  const second = {
    ...built,
    plan: { ...built.plan, name: 'second' },
    report: { ...built.report, model: 'x' },
  }
  const path = join(folder, 'bundle')
  await bundleSample({ store, built: [built, second], folder: path, environment: { PATH: '/nonexistent' } })
  const lines = async (name: string) => (await readFile(join(path, name), 'utf8')).trim().split('\n')
  expect(await lines('IMAGES')).toHaveLength(2)
  const [line = '', ...others] = await lines('attached/INDEXES')
  expect(others).toEqual([])
  const index = line.slice(-64)
  const { manifests } = JSON.parse(await readFile(join(path, 'attached/blobs/sha256', index), 'utf8'))
  // The provenance, and the report of each.
  expect(manifests).toHaveLength(3)
})

test('a secret in what would go along ends it before a byte is written', async () => {
  const [store, folder] = [await scratchStore(), await scratchFolder()]
  const path = join(folder, 'bundle')
  // The sample's package list holds this word; as a token it must not leave.
  const environment = { PATH: '/nonexistent', HOME: folder, HF_TOKEN: 'typing_extensions' }
  const failed = bundleSample({ store, built: [await builtSample(store)], folder: path, environment })
  await expect(failed).rejects.toMatchObject({ code: 'secret-found' })
  await expect(bytesIn(path)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('run files of two recipes never meet: names that were one are two, and one file of two recipes ends it', async () => {
  const [store, folder] = [await scratchStore(), await scratchFolder()]
  const built = await builtSample(store)
  const named = (name: string) => ({
    ...built,
    plan: { ...built.plan, name },
    report: { ...built.report, name },
  })
  const environment = { PATH: '/nonexistent', HOME: folder }
  const path = join(folder, 'both')
  await bundleSample({ store, built: [named('a.b'), named('a-b')], folder: path, environment })
  const files = Object.keys(await bytesIn(path)).filter((file) => file.startsWith('run-files/'))
  expect(files).toHaveLength(8)
  const other = { ...named('a.b'), report: { ...built.report, name: 'a.b', model: 'another' } }
  const clash = bundleSample({
    store,
    built: [named('a.b'), other],
    folder: join(folder, 'clash'),
    environment,
  })
  await expect(clash).rejects.toMatchObject({ code: 'two-of-one-name' })
})
