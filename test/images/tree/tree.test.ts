import { describe, expect, test } from 'vitest'
import type { ImagePlan } from '../../../images/plan/plan.ts'
import { commonRules, type SlimPolicy, type SlimRule } from '../../../images/slim-rules/slimming.ts'
import { closureOf } from '../../../images/tree/closure.ts'
import { type Inventory, parseInventory } from '../../../images/tree/inventory.ts'
import { planTree } from '../../../images/tree/tree.ts'

/** `type path [size | -> target]`, as a person would write a small root file system. */
function inventoryOf(
  text: string,
  elf: string[] = [],
  owners: string[] = [],
  basePackages: string[] = [],
): Inventory {
  const tree = text
    .trim()
    .split('\n')
    .map((line, index) => {
      const [type = '', path = '', third = '0', target = ''] = line.trim().split(' ')
      return [type, '755', third === '->' ? '0' : third, String(index), path.slice(1), target].join('\t')
    })
    .join('\0')
  return parseInventory({
    tree,
    elf: elf.join('\n'),
    owners: owners.join('\n'),
    basePackages: basePackages.join('\n'),
  })
}

const system = inventoryOf(
  `
  l /lib -> usr/lib
  l /lib64 -> usr/lib64
  d /usr
  d /usr/bin
  f /usr/bin/server 100
  f /usr/bin/perl 4000
  d /usr/lib
  d /usr/lib64
  l /usr/lib64/ld.so.2 -> ../lib/x86_64-linux-gnu/ld.so.2
  d /usr/lib/x86_64-linux-gnu
  f /usr/lib/x86_64-linux-gnu/ld.so.2 10
  l /usr/lib/x86_64-linux-gnu/libengine.so.1 -> libengine.so.1.2
  f /usr/lib/x86_64-linux-gnu/libengine.so.1.2 500
  f /usr/lib/x86_64-linux-gnu/libc.so.6 200
  f /usr/lib/x86_64-linux-gnu/libunused.so.3 900
  d /usr/lib/engine
  f /usr/lib/engine/plugin.so 50
  d /usr/share/doc
  f /usr/share/doc/readme 70
  d /usr/local/share/ca-certificates
  f /usr/local/share/ca-certificates/machine.crt 5
`,
  [
    'libengine.so.1,libc.so.6\t  -  \t/lib64/ld.so.2\t./usr/bin/server',
    'libc.so.6\t  -  \t\tusr/lib/x86_64-linux-gnu/libengine.so.1.2',
    'libgone.so.9\t$ORIGIN/..\t\tusr/lib/engine/plugin.so',
  ],
  [
    'base-files\t/lib/x86_64-linux-gnu/libc.so.6',
    'libengine1:amd64\t/usr/lib/x86_64-linux-gnu/libengine.so.1.2',
  ],
  ['base-files'],
)

function planWith(slimming: SlimPolicy): ImagePlan {
  // planTree reads these members only.
  return {
    slimming,
    enginePaths: ['/usr/bin/server', '/usr/lib/engine/**'],
    settings: [],
    runtime: { source: { type: 'debian' }, locked: { base: { reference: 'debian:forky-slim' } } },
    engine: { id: 'llama-cpp', version: '1.0.0' },
  } as unknown as ImagePlan
}

const closure = { roots: ['/usr/bin/server', '/usr/lib/engine/*.so'], data: [] }

describe('the closure', () => {
  const { needed, missing } = closureOf(system, closure)

  test('holds what the roots load, their loader, and the links on the way', () => {
    expect([...needed.keys()].sort()).toEqual([
      '/usr/bin/server',
      '/usr/lib/engine/plugin.so',
      '/usr/lib/x86_64-linux-gnu/ld.so.2',
      '/usr/lib/x86_64-linux-gnu/libc.so.6',
      '/usr/lib/x86_64-linux-gnu/libengine.so.1',
      '/usr/lib/x86_64-linux-gnu/libengine.so.1.2',
      '/usr/lib64/ld.so.2',
    ])
  })

  test('names who needs a library that is not there', () => {
    expect(missing).toEqual([{ path: '/usr/lib/engine/plugin.so', needs: 'libgone.so.9' }])
  })
})

test('what files outside of the tree load stays with what it loads, by name or by path', () => {
  const found = closureOf(system, {
    roots: [],
    data: [],
    loads: ['/lib64/ld.so.2', 'libengine.so.1', 'libz.so.1'],
  })
  expect([...found.needed.keys()].sort()).toEqual([
    '/usr/lib/x86_64-linux-gnu/ld.so.2',
    '/usr/lib/x86_64-linux-gnu/libc.so.6',
    '/usr/lib/x86_64-linux-gnu/libengine.so.1',
    '/usr/lib/x86_64-linux-gnu/libengine.so.1.2',
    '/usr/lib64/ld.so.2',
  ])
  expect(found.missing).toEqual([{ path: 'image.files', needs: 'libz.so.1' }])
})

test('packages that a recipe asks for stay whole, and what they load', () => {
  const found = closureOf(system, { roots: [], data: [], packages: ['libengine1'] })
  expect(found.needed.get('/usr/lib/x86_64-linux-gnu/libengine.so.1.2')).toBe('root')
  expect(found.needed.has('/usr/lib/x86_64-linux-gnu/libc.so.6')).toBe(true)
  expect(found.needed.has('/usr/bin/perl')).toBe(false)
})

describe('contents', () => {
  const some = inventoryOf(
    `
    f /opt/env/a.py 10
    f /opt/env/old.pyc 20
    f /opt/env/plugin.so 30
    f /opt/env/helper.so.1 40
    f /opt/env/unused.so.1 50
  `,
    ['helper.so.1\t$ORIGIN\t\t./opt/env/plugin.so'],
  )
  const rule: SlimRule = {
    id: 'extras',
    risk: 'safe',
    paths: ['/opt/env/*.pyc', '/opt/env/*.so.1'],
    except: [],
    reason: 'a test',
  }
  const removedBy = (rules: SlimRule[]) =>
    planTree(some, planWith({ rules, closure: { roots: [], data: [], contents: ['/opt/**'] } })).removals

  test('stay as long as no rule names them', () => {
    expect(removedBy([])).toEqual([])
  })

  test('go by a rule, unless something that stays needs them', () => {
    expect(removedBy([rule]).map(({ rule, sizeBytes }) => [rule, sizeBytes])).toEqual([['extras', 70]])
  })

  test('stay when the rule makes an exception', () => {
    const careful = { ...rule, except: ['/opt/env/unused.*'] }
    expect(removedBy([careful]).map(({ sizeBytes }) => sizeBytes)).toEqual([20])
  })
})

test('parts of files that were rewritten count as removed, with the largest files', () => {
  const { removals, stockBytes, keptBytes } = planTree(
    system,
    planWith({ rules: [], rewriting: { targets: ['sm_90'], symbols: true, bytecode: false } }),
    [
      { path: '/usr/lib/engine/plugin.so', gpuCodeBytes: 1000, symbolBytes: 0 },
      { path: '/usr/bin/server', gpuCodeBytes: 2000, symbolBytes: 7 },
    ],
  )
  expect(removals.map(({ rule, files, sizeBytes }) => [rule, files, sizeBytes])).toEqual([
    ['gpu-code', 2, 3000],
    ['symbols', 1, 7],
  ])
  expect(removals[0]?.largest[0]).toEqual({ path: '/usr/bin/server', sizeBytes: 2000 })
  expect(removals[0]?.reason).toContain('sm_90')
  expect(stockBytes - keptBytes).toBe(3007)
})

describe('the tree plan', () => {
  const plan = planWith({ rules: commonRules, closure })
  const tree = planTree(system, plan)

  test('puts each kept file into one layer, by how often it changes', () => {
    expect(tree.layers.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
      ['system', 210],
      ['libraries', 500],
      ['engine', 150],
    ])
    const files = tree.layers.flatMap((layer) =>
      layer.paths.filter((path) => !/^\/(usr|usr\/lib|usr\/bin)$/.test(path)),
    )
    expect(files).toContain('/lib64')
  })

  test('gives every removed byte one rule', () => {
    expect(tree.removals.map(({ rule, sizeBytes }) => [rule, sizeBytes]).sort()).toEqual([
      ['build-machine', 5],
      ['closure', 4900],
      ['documentation', 70],
    ])
    const removed = tree.removals.reduce((sum, removal) => sum + removal.sizeBytes, 0)
    expect(tree.keptBytes + removed).toBe(tree.stockBytes)
  })

  test('lists the folders above each file, sorted, for tar', () => {
    const engine = tree.layers.find((layer) => layer.name === 'engine')
    expect(engine?.paths).toEqual([
      '/usr',
      '/usr/bin',
      '/usr/bin/server',
      '/usr/lib',
      '/usr/lib/engine',
      '/usr/lib/engine/plugin.so',
    ])
  })
})

test('a file with two names counts once', () => {
  const { entries } = parseInventory({
    tree: 'f\t644\t10\t7\ta\t\0f\t644\t10\t7\tb\t\0',
    elf: '',
    owners: '',
    basePackages: '',
  })
  expect(entries.map((entry) => entry.sizeBytes)).toEqual([10, 0])
})

test('a record that is none is refused, not guessed', () => {
  expect(() =>
    parseInventory({ tree: 'f\t644\tx\t7\ta\t\0', elf: '', owners: '', basePackages: '' }),
  ).toThrow(expect.objectContaining({ code: 'broken-tree' }))
})
