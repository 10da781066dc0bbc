import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { knownSecrets } from '../../../lib/known-secrets.ts'
import { secretForms } from '../../../lib/secret-forms.ts'
import { secretsInFiles } from '../../../pipelines/scan/logs.ts'
import { scanImage } from '../../../pipelines/scan/scan.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { flipBit } from '../publish/files.ts'
import { type Entry, layerOf } from './layers.ts'
import { type Given, githubToken, gitleaks, hubToken, place, refusalOf, scan, strict } from './scanned.ts'

describe('a secret of the run', () => {
  const environment = { HF_TOKEN: hubToken }

  test.each(secretForms(hubToken).map(({ form, bytes }) => [form, Buffer.from(bytes)] as const))(
    'as %s, inside a binary across the border of two pieces: found with its place',
    async (_, bytes) => {
      const text = Buffer.concat([randomBytes(1024 ** 2 - 10), bytes, randomBytes(1000)])
      const refusal = await refusalOf({ entries: [{ name: 'opt/a/model.so', text }], environment }, hubToken)
      expect(refusal).toContain('/opt/a/model.so: the secret of HF_TOKEN')
    },
  )

  test('in a name, in a link’s target, in the history, in a report', async () => {
    for (const given of [
      { entries: [{ name: `tmp/${hubToken}`, text: 'x' }] },
      { entries: [{ name: 'etc/link', type: 'symlink', linkname: `/x/${hubToken}` } satisfies Entry] },
      { texts: { 'config.json': JSON.stringify({ history: [{ created_by: `RUN x ${hubToken}` }] }) } },
      { texts: { 'report.json': `Basic ${Buffer.from(`user:${hubToken}`).toString('base64')}` } },
    ] satisfies Given[])
      expect(await refusalOf({ ...given, environment }, hubToken)).toContain('the secret of HF_TOKEN')
  })

  test('no policy lets it pass', async () => {
    const given = {
      entries: [{ name: 'opt/x', text: hubToken }],
      environment,
      policy: { allowSecrets: ['/**'] },
    }
    await expect(scan(given)).rejects.toMatchObject({ code: 'secret-found' })
  })

  test('without one an image passes, and the scan says what it searched for', async () => {
    const seen = await scan({ environment, entries: [{ name: 'opt/x', text: 'hf_' }] })
    expect(seen).toMatchObject({ searchedFor: ['HF_TOKEN'], gitleaks: false, entries: 2 })
  })

  test('places of secrets and short words are none', () => {
    const environment = {
      GOOGLE_APPLICATION_CREDENTIALS: '/etc/key.json',
      VAULT_TOKEN: 'vault://somewhere/else',
      MY_PASSWORD: 'short',
      KEYBOARD: 'a-long-enough-value',
      DB_PASSWORD: 'long-enough-value',
    }
    expect(knownSecrets(environment).map(({ origin }) => origin)).toEqual(['DB_PASSWORD'])
  })
})

test('a damaged or missing layer never passes as scanned', async () => {
  const layer = await layerOf(place.store, [{ name: 'opt/x', text: randomBytes(300_000) }])
  const request = {
    store: place.store,
    name: 'damaged',
    layers: [layer.descriptor],
    texts: {},
    policy: strict,
  }
  const given = { ...request, secrets: [], settings: readSettings({ PATH: '/nonexistent' }) }
  await scanImage(given)
  await flipBit(blobPath(place.store, layer.descriptor.digest), 200_000)
  await expect(scanImage(given)).rejects.toThrow()
  await rm(blobPath(place.store, layer.descriptor.digest))
  await expect(scanImage(given)).rejects.toMatchObject({ code: 'missing-blob' })
})

describe('a token by its form, where gitleaks is not', () => {
  const key = [
    '-----BEGIN',
    'RSA PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7',
  ].join(' ')

  test.each<[string, Given, string]>([
    [
      'a file',
      { entries: [{ name: 'opt/app/x.py', text: `T = "${githubToken}"` }] },
      '/opt/app/x.py: a GitHub token',
    ],
    ['a key', { entries: [{ name: 'etc/ssl/x.pem', text: key }] }, '/etc/ssl/x.pem: a private key'],
    [
      'a file across the border of two pieces',
      { entries: [{ name: 'opt/x.txt', text: `${'a b '.repeat(16_383)}${githubToken}` }] },
      '/opt/x.txt: a GitHub token',
    ],
    [
      'the environment of the config',
      { texts: { 'config.json': JSON.stringify({ config: { Env: [`GH=${githubToken}`] } }) } },
      'config.json: a GitHub token',
    ],
    [
      'the history',
      { texts: { 'config.json': JSON.stringify([{ created_by: `RUN ${hubToken}` }]) } },
      'Hugging Face',
    ],
    ['a report', { texts: { 'report.md': `it said ${hubToken}` } }, 'report.md: a Hugging Face token'],
    ['a name', { entries: [{ name: `opt/${githubToken}`, text: 'x' }] }, '/opt/***: a GitHub token'],
  ])('in %s', async (_, given, words) => {
    for (const secret of [githubToken, hubToken]) expect(await refusalOf(given, secret)).toContain(words)
  })

  test('the recipe excuses a file; keys of test suites are nobody’s; binaries are not texts', async () => {
    const entries = [
      { name: 'opt/app/x.py', text: githubToken },
      { name: 'opt/v/lib/python3.11/site-packages/tornado/test/test.key', text: key },
      { name: 'usr/lib/libx.so', text: `\0${key}` },
    ]
    const seen = await scan({ entries, policy: { allowSecrets: ['/opt/app/**'] } })
    expect(seen).toMatchObject({ gitleaks: false, excused: ['/opt/app/x.py a GitHub token'] })
  })

  test('in a log', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ingot-logs-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'engine.log'), `pulling with ${githubToken}\n`)
    expect(await secretsInFiles(folder, [])).toEqual([
      { where: join(folder, 'engine.log'), what: 'a GitHub token' },
    ])
  })
})

describe('a secret by gitleaks’ rules', () => {
  const leak = { name: 'opt/app/settings.py', text: `# settings\nTOKEN = "${githubToken}"\n` }

  test('in a file: its rule, path and line, and never the secret', async () => {
    const refusal = await refusalOf(
      { entries: [leak], environment: { INGOT_GITLEAKS: gitleaks } },
      githubToken,
    )
    expect(refusal).toMatch(/\/opt\/app\/settings\.py:2: gitleaks’ rule github-pat/)
  })

  test('in the environment of the config', async () => {
    const texts = { 'config.json': JSON.stringify({ config: { Env: [`GH=${githubToken}`] } }) }
    const refusal = await refusalOf({ texts, environment: { INGOT_GITLEAKS: gitleaks } }, githubToken)
    expect(refusal).toContain('config.json:1: gitleaks’ rule github-pat')
  })

  test('files of the image cannot switch the rules off', async () => {
    const entries = [
      { name: '.gitleaks.toml', text: 'title = "none"\n' },
      { name: '.gitleaksignore', text: 'opt/app/settings.py:github-pat:2\n' },
      { ...leak, text: leak.text.replace('\n', ' gitleaks:allow\n').replace('"\n', '" # gitleaks:allow\n') },
    ]
    const given = { entries, environment: { INGOT_GITLEAKS: gitleaks } }
    await expect(scan(given)).rejects.toMatchObject({ code: 'secret-found' })
  })

  test('a file that the recipe names is excused, and listed', async () => {
    const policy = { allowSecrets: ['/opt/app/**'] }
    const seen = await scan({ entries: [leak], policy, environment: { INGOT_GITLEAKS: gitleaks } })
    expect(seen).toMatchObject({
      gitleaks: true,
      excused: ['/opt/app/settings.py:2 github-pat', '/opt/app/settings.py a GitHub token'],
    })
  })

  test('a path that leads out of the folder stays inside', async () => {
    const entries = [{ ...leak, name: '../../../../../../../../tmp/escaped.py' }]
    const refusal = await refusalOf({ entries, environment: { INGOT_GITLEAKS: gitleaks } }, githubToken)
    expect(refusal).toContain('escaped.py:2: gitleaks’ rule github-pat')
  })

  test('a program that is named and not there is told, not passed over', async () => {
    const given = { environment: { INGOT_GITLEAKS: '/nonexistent/gitleaks' } }
    await expect(scan(given)).rejects.toMatchObject({ code: 'no-tool' })
  })
})
