import { describe, expect, test } from 'vitest'
import { markRemoved, parseStatus } from '../../../images/tree/dpkg-status.ts'
import { parseInventory } from '../../../images/tree/inventory.ts'
import { isGone, packageChanges, parseRemoved } from '../../../images/tree/packages.ts'

const status = `Package: perl-base
Status: install ok installed
Architecture: amd64
Version: 5.36.0-7+deb12u1
Description: minimal Perl system
 A line that says Status: install ok installed

Package: libssl3
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 3.0.15-1

Package: old-thing
Status: deinstall ok config-files
Version: 1.0

`

const owners: [string, string][] = [
  ['perl-base', '/usr/bin/perl'],
  ['dash', '/usr/bin/dash'],
  ['perl-base', '/usr/share/doc/perl-base/copyright'],
  ['libssl3:amd64', '/lib/x86_64-linux-gnu/libssl.so.3'],
  ['gcc-12-base', '/usr/share/doc/gcc-12-base/README'],
  ['tzdata', '/usr/share/zoneinfo/UTC'],
  ['tzdata', '/usr/share/zoneinfo/Europe/Paris'],
  ['pypi/Pip', '/opt/env/lib/python3.11/site-packages/pip/__init__.py'],
  ['pypi/Pip', '/opt/env/lib/python3.11/site-packages/pip-23.2.dist-info/METADATA'],
]

/** A diversion moved it; documentation and bytecode are often not there. */
const unfound: [string, string][] = [
  ['dash', '/bin/sh'],
  ['perl-base', '/usr/share/man/man1/perl.1.gz'],
  ['pypi/Pip', '/opt/env/lib/python3.11/site-packages/pip/__pycache__/__init__.cpython-311.pyc'],
  ['dash', '/.'],
]

const inventory = parseInventory({
  tree: owners
    .map(([, path], index) =>
      ['f', '644', '10', String(index), path.replace(/^\/lib/, 'usr/lib').replace(/^\//, ''), ''].join('\t'),
    )
    .join('\0'),
  elf: '',
  owners: [...owners, ...unfound].map(([name, path]) => `${name}\t${path}`).join('\n'),
  basePackages: '',
  status,
})

const taken = ['/usr/bin/perl', '/usr/bin/dash', '/usr/share/zoneinfo/UTC', '/pip/__init__.py']
const changes = packageChanges(inventory, ({ path }) =>
  taken.some((end) => path.endsWith(end)) ? 'closure' : undefined,
)

describe('what slimming left of packages', () => {
  test('is counted without documentation and metadata, with versions from dpkg’s list and dist-info', () => {
    expect(changes.packages).toEqual([
      { type: 'deb', name: 'dash', files: 1, keptFiles: 0, unfoundFiles: 1 },
      { type: 'deb', name: 'gcc-12-base', files: 0, keptFiles: 0, isBare: true },
      { type: 'deb', name: 'libssl3', version: '3.0.15-1', architecture: 'amd64', files: 1, keptFiles: 1 },
      {
        ...{ type: 'deb', name: 'perl-base', version: '5.36.0-7+deb12u1', architecture: 'amd64' },
        ...{ files: 1, keptFiles: 0 },
      },
      { type: 'deb', name: 'tzdata', files: 2, keptFiles: 1 },
      { type: 'pypi', name: 'Pip', version: '23.2', files: 1, keptFiles: 0 },
    ])
  })

  test('a package is gone when nothing of it stays, and not when one file does', () => {
    expect(changes.packages.filter(isGone).map(({ name }) => name)).toEqual([
      'gcc-12-base',
      'perl-base',
      'Pip',
    ])
  })

  test('a package of which the tree had nothing is not gone: nobody can say where its files are', () => {
    expect(isGone({ type: 'deb', name: 'meta', files: 0, keptFiles: 0 })).toBe(false)
  })

  test('each removed file comes back with its rule and its package', () => {
    expect(parseRemoved(changes.removed)).toEqual([
      {
        rule: 'closure',
        package: { type: 'pypi', name: 'Pip' },
        path: '/opt/env/lib/python3.11/site-packages/pip/__init__.py',
      },
      { rule: 'closure', package: { type: 'deb', name: 'dash' }, path: '/usr/bin/dash' },
      { rule: 'closure', package: { type: 'deb', name: 'perl-base' }, path: '/usr/bin/perl' },
      { rule: 'closure', package: { type: 'deb', name: 'tzdata' }, path: '/usr/share/zoneinfo/UTC' },
    ])
  })
})

describe('dpkg’s list', () => {
  test('names installed packages', () => {
    expect(parseStatus(status)).toEqual({
      'perl-base': { version: '5.36.0-7+deb12u1', architecture: 'amd64' },
      libssl3: { version: '3.0.15-1', architecture: 'amd64' },
    })
  })

  test('says of a removed package what dpkg says of one, and nothing else changes', () => {
    const told = markRemoved(status, (name) => name === 'perl-base')
    expect(told).toBe(status.replace('Status: install ok installed', 'Status: deinstall ok config-files'))
    expect(Object.keys(parseStatus(told))).toEqual(['libssl3'])
    expect(markRemoved(status, () => false)).toBe(status)
  })
})
