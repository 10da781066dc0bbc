import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ScanPolicy } from '../../../images/plan/scan-policy.ts'
import { knownSecrets } from '../../../lib/known-secrets.ts'
import { secretForms } from '../../../lib/secret-forms.ts'
import { secretsInFiles } from '../../../pipelines/scan/logs.ts'
import { scanImage } from '../../../pipelines/scan/scan.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { toolPath } from '../../tools/find.ts'
import { flipBit } from '../publish/files.ts'
import { openPlace, type Place } from '../publish/place.ts'
import { type Entry, layerOf } from './layers.ts'

// Not a token anybody was given; put together here so that no scanner takes this file for a leak.
const hubToken = ['hf', 'xQzRvTbNmKpLwYsJdHgFcXaEuIoPqWeRtY'].join('_')
const githubToken = ['ghp', 'x7Kq2Lm9Rt4Wv1Yz8Bn3Cd6Fg5Hj0PsXaQeZ'].join('_')
const strict: ScanPolicy = { allowWorldWritable: [], allowSecrets: [], shells: [] }
let place: Place
let gitleaks: string

beforeAll(async () => {
  place = await openPlace()
  gitleaks = toolPath('gitleaks')
}, 600_000)

afterAll(() => place.close())

interface Given {
  entries?: Entry[]
  texts?: Record<string, string>
  policy?: Partial<ScanPolicy>
  environment?: NodeJS.ProcessEnv
}

async function scan({ entries = [], texts = {}, policy = {}, environment = {} }: Given) {
  const layer = await layerOf(place.store, [{ name: 'usr/bin/server', text: '\u007fELF\0' }, ...entries])
  return scanImage({
    store: place.store,
    name: 'planted',
    layers: [layer.descriptor],
    texts,
    policy: { ...strict, ...policy },
    secrets: knownSecrets(environment),
    settings: readSettings({ PATH: '/nonexistent', ...environment }),
  })
}

/** The failure in words; what leaked is never among them. */
async function refusalOf(given: Given, secret: string): Promise<string> {
  const error = await scan(given).catch((caught) => caught)
  const words = JSON.stringify([error.message, error.failure])
  for (const { bytes } of secretForms(secret)) expect(words).not.toContain(Buffer.from(bytes).toString())
  return error.message
}

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

describe('the policy', () => {
  const shell: Entry[] = [
    { name: 'usr/bin/dash', mode: 0o755, text: '\0' },
    { name: 'usr/bin/sh', type: 'symlink', linkname: 'dash' },
    { name: 'usr/bin/bash', type: 'symlink', linkname: 'not-here' },
    { name: 'usr/share/doc/sh', text: 'not a program' },
  ]

  test.each<[string, Entry, string]>([
    ['setuid', { name: 'usr/bin/su', mode: 0o4755 }, 'setuid, setgid or have capabilities: /usr/bin/su'],
    ['setgid', { name: 'usr/bin/wall', mode: 0o2755 }, '/usr/bin/wall'],
    [
      'capabilities',
      { name: 'usr/bin/ping', mode: 0o755, pax: { 'SCHILY.xattr.security.capability': 'x' } },
      '/usr/bin/ping',
    ],
    ['a file that all may write', { name: 'opt/x', mode: 0o666 }, 'every user may write /opt/x'],
    [
      'a folder that all may write',
      { name: 'opt/y/', type: 'directory', mode: 0o777 },
      'every user may write /opt/y',
    ],
  ])('%s: refused with the path', async (_, entry, words) => {
    await expect(scan({ entries: [entry] })).rejects.toMatchObject({
      code: 'against-policy',
      message: expect.stringContaining(words),
    })
  })

  test('a sticky folder is like /tmp; of a path in two layers the upper one counts', async () => {
    const seen = await scan({
      entries: [
        { name: 'tmp/', type: 'directory', mode: 0o1777 },
        { name: 'opt/twice', mode: 0o666 },
        { name: 'opt/twice', mode: 0o644 },
      ],
    })
    expect(seen).toMatchObject({ worldWritable: [], setuid: [] })
  })

  test('shells: refused without a reason, listed with it', async () => {
    await expect(scan({ entries: shell })).rejects.toMatchObject({
      code: 'against-policy',
      message: expect.stringContaining('/usr/bin/dash, /usr/bin/sh'),
    })
    const seen = await scan({ entries: shell, policy: { shells: ['Triton starts one'] } })
    expect(seen).toMatchObject({
      shells: ['/usr/bin/dash', '/usr/bin/sh'],
      shellReasons: ['Triton starts one'],
    })
  })

  test('what the recipe allows passes and is listed', async () => {
    const entries = [{ name: 'opt/cache/x', mode: 0o666 }]
    const seen = await scan({ entries, policy: { allowWorldWritable: ['/opt/cache/**'] } })
    expect(seen.worldWritable).toEqual(['/opt/cache/x'])
  })
})
