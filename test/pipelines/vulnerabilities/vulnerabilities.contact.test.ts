import { describe, expect, test } from 'vitest'
import { bundleContents } from '../../../pipelines/bundle/built.ts'
import { main } from '../../../pipelines/cli.ts'
import { storeAttachments } from '../../../pipelines/outgoing/attachments.ts'
import { prepareImage } from '../../../pipelines/outgoing/prepare.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { readBlobText } from '../../../pipelines/store/blobs.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import type { VulnerabilityPolicy } from '../../../recipes/vulnerabilities.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { quiet } from '../outgoing/sample.ts'
import { type SampleOptions, vulnerableImage } from './image.ts'
import { recordedGrype } from './recorded.ts'

const now = () => new Date().toISOString()

async function place(options: SampleOptions = {}, built = now()) {
  const store = await scratchStore()
  const image = await vulnerableImage(store, options)
  const grype = await recordedGrype(await scratchFolder(), built)
  const environment = { PATH: process.env['PATH'], INGOT_GRYPE: grype, INGOT_STORE: store.root }
  return { store, image, environment }
}

/** The command line as a person has it. */
async function ask({ environment }: { environment: NodeJS.ProcessEnv }, ...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await main(['vulnerabilities', ...argv], {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    environment,
    progress: { ...quiet, lanes: () => [] },
    signal: new AbortController().signal,
  })
  return { code, out: out.join(''), err: err.join('') }
}

describe('ingot vulnerabilities', () => {
  test('lists what is there and what is proven away, and fails nothing without a limit', async () => {
    const one = await place()
    const { code, out } = await ask(one, one.image.report.image)
    expect(code).toBe(0)
    expect(out).toContain('5 known vulnerabilities: 3 in what is there, 2 in code that slimming took')
  })

  test('fails beyond the limit of the command line or the recipe', async () => {
    const one = await place()
    expect(await ask(one, one.image.report.image, '--limit', 'high')).toMatchObject({ code: 1 })
    expect(await ask(one, one.image.report.image, '--limit', 'critical')).toMatchObject({ code: 0 })
    const strict = await place({ policy: { limit: 'medium' } })
    expect(await ask(strict, 'sbom-sample')).toMatchObject({ code: 1 })
  })

  test('fails with a database that is too old, and with one of an unknown day', async () => {
    for (const built of ['2020-01-01T00:00:00Z', '', '0001-01-01T00:00:00Z']) {
      const { code, out } = await ask(await place({}, built), 'sbom-sample')
      expect(code).toBe(1)
      expect(out).toContain('built')
    }
  })

  test('gives the documents on standard output, and what fails on the other', async () => {
    const one = await place({ policy: { limit: 'high' } })
    const { code, out, err } = await ask(one, 'sbom-sample', '--format', 'openvex')
    expect([code, JSON.parse(out).statements.length]).toEqual([1, 2])
    expect(err).toContain('failed: 3 reach the limit high')
    const cycloneDx = await ask(one, 'sbom-sample', '--format', 'cyclonedx')
    expect(JSON.parse(cycloneDx.out).vulnerabilities).toHaveLength(5)
    expect(JSON.parse((await ask(one, 'sbom-sample', '--format', 'json')).out)).toMatchObject({
      verdict: { status: 'failed' },
      hasEvidence: true,
    })
  })

  test('proves nothing where nobody kept what slimming took, and says so', async () => {
    const { code, out, err } = await ask(
      await place({ hasChanges: false }),
      'sbom-sample',
      '--format',
      'openvex',
    )
    expect([code, out]).toEqual([0, ''])
    expect(err).toContain('nothing is proven away: the store does not have')
    expect(err).toContain('there is no document')
  })

  test('without grype it tells how to get it', async () => {
    const one = await place()
    const environment = { PATH: '/nonexistent', INGOT_STORE: one.store.root }
    const { code, err } = await ask({ environment }, 'sbom-sample')
    expect(code).toBe(3)
    expect(err).toContain('https://github.com/anchore/grype')
  })
})

function prepared({ image, store, environment }: Awaited<ReturnType<typeof place>>, told: string[] = []) {
  const settings = readSettings(environment)
  const onNotice = (text: string) => void told.push(text)
  return prepareImage(image, { store, settings, isUnverified: false, sbom: 'if-possible', onNotice })
}

async function attachedTypes(store: Store, { image, documents }: Awaited<ReturnType<typeof prepared>>) {
  const manifests = await storeAttachments(store, documents, image)
  const read = manifests.map(async ({ digest }) => JSON.parse(await readBlobText(store, digest)))
  return (await Promise.all(read)).map(({ artifactType, annotations }) => ({ artifactType, annotations }))
}

describe('what leaves', () => {
  const policy: VulnerabilityPolicy = { limit: 'critical' }

  test('has both documents with it, found as trivy and people look for them', async () => {
    const one = await place({ policy })
    const told: string[] = []
    const ready = await prepared(one, told)
    expect(ready.documents.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['vex.openvex', 'vex.cyclonedx']),
    )
    expect(told).toContain('sbom-sample: passed: none reaches the limit critical')
    expect(await attachedTypes(one.store, ready)).toEqual(
      expect.arrayContaining([
        {
          artifactType: 'application/vnd.in-toto+json',
          annotations: { 'in-toto.io/predicate-type': 'https://openvex.dev/ns' },
        },
        { artifactType: 'application/vnd.dev.ingot.cyclonedx-vex.v1+json', annotations: undefined },
      ]),
    )
  })

  test('carries them in a bundle as scanners take them', async () => {
    const one = await place({ policy })
    const { documents } = await bundleContents(one.store, [await prepared(one)], undefined)
    const entry = documents.find(({ path }) => path === 'vex/sbom-sample.openvex.json')
    const chunks: Uint8Array[] = []
    for await (const chunk of entry?.open() ?? []) chunks.push(chunk)
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({
      '@context': 'https://openvex.dev/ns/v0.2.0',
      statements: [{ status: 'not_affected' }, { status: 'not_affected' }],
    })
    expect(documents.map(({ path }) => path)).toContain('vex/sbom-sample.cyclonedx.json')
  })

  test('does not leave beyond the limits of its recipe', async () => {
    const one = await place({ policy: { limit: 'high' } })
    await expect(prepared(one)).rejects.toMatchObject({ code: 'vulnerable' })
    const old = await place({ policy }, '2020-01-01T00:00:00Z')
    await expect(prepared(old)).rejects.toMatchObject({ code: 'vulnerable' })
  })

  test('of a recipe without a word on vulnerabilities nothing is looked up', async () => {
    const one = await place()
    const { documents } = await prepared({ ...one, environment: { PATH: '/nonexistent' } as never })
    expect(documents.map(({ name }) => name)).toEqual(['provenance', 'test-result', 'report'])
  })
})
