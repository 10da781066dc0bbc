import { describe, expect, test } from 'vitest'
import type { VulnerableCode } from '../../../recipes/vulnerabilities.ts'
import { changes } from '../../pipelines/vulnerabilities/image.ts'
import { judged, provenIn } from './judged.ts'

const site = '/opt/env/lib/python3.11/site-packages'

describe('a package of which nothing stays', () => {
  test('carries no vulnerable code; of others nothing is said', () => {
    expect(provenIn(judged())).toEqual(['idna', 'perl-base'])
  })

  test('is told with what took it and what it was', () => {
    const [, perl] = judged().filter(({ evidence }) => evidence !== undefined)
    expect(perl?.evidence).toMatchObject({
      kind: 'package',
      removed: ['/usr/bin/perl', '/usr/lib/x86_64-linux-gnu/perl-base/List/Util.pm'],
      removedFiles: 2,
      rules: ['closure'],
    })
    expect(perl?.evidence?.text).toContain('slimming took all 2 files of perl-base 5.36.0-7')
  })

  test.each([
    ['a layer has one of its files all the same', '/usr/bin/perl'],
    ['a program of its name lies elsewhere', '/opt/tools/bin/perl'],
    ['it was moved aside by a diversion', '/usr/bin/perl.distrib'],
  ])('proves nothing where %s', (_, path) => {
    expect(provenIn(judged([], [path]))).toEqual(['idna'])
  })

  test('proves nothing where another package carries a copy', () => {
    expect(provenIn(judged([], [`${site}/pip/_vendor/idna/core.py`]))).toEqual(['perl-base'])
    expect(provenIn(judged([], [`/usr/lib/python3/dist-packages/idna/core.py`]))).toEqual(['perl-base'])
  })

  test('may itself have carried a copy of what stays', () => {
    const pip = `closure\tpypi/idna\t${site}/idna/_vendor/acme/__init__.py\n`
    const packages = changes.packages.map((one) => (one.name === 'idna' ? { ...one, files: 3 } : one))
    expect(provenIn(judged([], [], { changes: { packages, removed: changes.removed + pip } }))).toContain(
      'idna',
    )
  })

  test('proves nothing by counts alone: every file has to be named', () => {
    const packages = changes.packages.map((one) => ({ ...one, files: one.files + 1 }))
    expect(provenIn(judged([], [], { changes: { ...changes, packages } }))).toEqual([])
  })

  test('of another version than the scanner’s proves nothing', () => {
    const packages = changes.packages.map((one) => ({ ...one, version: '0' }))
    expect(provenIn(judged([], [], { changes: { ...changes, packages } }))).toEqual([])
  })

  test('with a file that nobody found before slimming proves nothing: it may lie elsewhere', () => {
    const packages = changes.packages.map((one) => ({ ...one, unfoundFiles: 1 }))
    expect(provenIn(judged([], [], { changes: { ...changes, packages } }))).toEqual([])
  })

  test('has no code where it has documentation alone', () => {
    const bare = { files: 0, keptFiles: 0, isBare: true as const }
    const packages = changes.packages.map((one) => (one.name === 'zlib1g' ? { ...one, ...bare } : one))
    const found = judged([], [], { changes: { ...changes, packages } })
    expect(provenIn(found)).toEqual(['idna', 'perl-base', 'zlib1g'])
    expect(found.at(-1)?.evidence?.text).toContain('has no files but documentation')
  })

  test('of two environments proves nothing', () => {
    const packages = changes.packages.flatMap((one) => (one.name === 'idna' ? [one, one] : [one]))
    expect(provenIn(judged([], [], { changes: { ...changes, packages } }))).toEqual(['perl-base'])
  })
})

describe('vulnerable code within a package of which something stays', () => {
  const source = 'the advisory'
  const tar = { id: 'cve-2026-1003', package: 'tar', source }
  const acme = { id: 'CVE-2026-2002', package: 'Acme', source }
  const kinds = (code: VulnerableCode) =>
    judged([code]).flatMap(({ finding, evidence }) =>
      evidence !== undefined && finding.package.name === code.package.toLowerCase() ? [evidence.kind] : [],
    )

  test.each<[string, VulnerableCode, string[]]>([
    ['a file that slimming took', { ...tar, files: ['/usr/sbin/rmt-tar'] }, ['files']],
    ['files by a wildcard', { ...tar, files: ['/usr/sbin/rmt-*'] }, ['files']],
    ['a module, named by its alias', { ...acme, modules: ['acme.server.admin'] }, ['modules']],
    ['a module with what lies below', { ...acme, modules: ['acme.server'] }, ['modules']],
    ['a file that stays', { ...tar, files: ['/usr/bin/tar'] }, []],
    [
      'a file of which one stays and one is gone',
      { ...tar, files: ['/usr/sbin/rmt-tar', '/usr/bin/tar'] },
      [],
    ],
    ['a module that stays', { ...acme, modules: ['acme'] }, []],
    ['a misspelt file, which nobody took', { ...tar, files: ['/usr/sbin/rmt-tarr'] }, []],
    ['one file right and one misspelt', { ...tar, files: ['/usr/sbin/rmt-tar', '/usr/sbin/no'] }, []],
    ['a misspelt module', { ...acme, modules: ['acme.servers'] }, []],
    ['a file of another package', { ...tar, files: ['/usr/bin/perl'] }, []],
    ['another vulnerability', { ...tar, id: 'CVE-2026-1', files: ['/usr/sbin/rmt-tar'] }, []],
    ['another package', { ...tar, package: 'zlib1g', files: ['/usr/sbin/rmt-tar'] }, []],
  ])('%s', (_, code, expected) => {
    expect(kinds(code)).toEqual(expected)
  })

  test('names who says where the code lies', () => {
    const found = judged([{ ...tar, files: ['/usr/sbin/rmt-tar'] }]).find(
      ({ finding }) => finding.package.name === 'tar',
    )
    expect(found?.evidence?.text).toMatch(/^slimming took \/usr\/sbin\/rmt-tar of tar .* \(the advisory\)/)
  })
})
