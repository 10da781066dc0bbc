import { describe, expect, test } from 'vitest'
import type { Entry } from './layers.ts'
import { hubToken, scan } from './scanned.ts'

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

  test('a token in a package of the engine, as published, is listed; elsewhere, and in another base, it is refused', async () => {
    const packaged = {
      name: 'opt/vllm/lib/python3.11/site-packages/transformers/x.py',
      text: `T = "${hubToken}"`,
    }
    const seen = await scan({ entries: [packaged], hasPublicPackages: true })
    expect(seen.excused).toEqual([`/${packaged.name} a Hugging Face token`])
    for (const given of [
      { entries: [packaged] },
      { entries: [{ ...packaged, name: 'opt/app/x.py' }], hasPublicPackages: true },
      { entries: [packaged], hasPublicPackages: true, environment: { HF_TOKEN: hubToken } },
    ])
      await expect(scan(given)).rejects.toMatchObject({ code: 'secret-found' })
  })

  test('what the recipe allows passes and is listed', async () => {
    const entries = [{ name: 'opt/cache/x', mode: 0o666 }]
    const seen = await scan({ entries, policy: { allowWorldWritable: ['/opt/cache/**'] } })
    expect(seen.worldWritable).toEqual(['/opt/cache/x'])
  })
})
