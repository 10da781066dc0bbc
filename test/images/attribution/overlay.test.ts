import { expect, test } from 'vitest'
import { attribute } from '../../../images/attribution/attribution.ts'
import { absolutePath, type LayerEntry } from '../../../images/attribution/layer-files.ts'
import { overlay } from '../../../images/attribution/overlay.ts'

const folder = (path: string, mode = 0o755): LayerEntry => ({ path, type: 'folder', sizeBytes: 0, mode })
const file = (path: string, sizeBytes: number, more: Partial<LayerEntry> = {}): LayerEntry => ({
  path,
  type: 'file',
  sizeBytes,
  mode: 0o644,
  ...more,
})
const link = (path: string, target: string): LayerEntry => ({
  path,
  type: 'link',
  sizeBytes: 0,
  mode: 0o777,
  target,
})
const hardlink = (path: string, target: string): LayerEntry => ({ ...link(path, target), type: 'hardlink' })
const image = (...layers: LayerEntry[][]) =>
  layers.map((entries, index) => ({ digest: `sha256:${index}`, storedBytes: 1, title: '', entries }))
const seen = (...layers: LayerEntry[][]) => {
  const { visible, shadowed } = overlay(image(...layers))
  return {
    paths: visible.filter((entry) => entry.type !== 'folder').map((entry) => entry.path),
    shadowed: shadowed.map(({ path, sizeBytes, layer, byLayer, how }) => [
      path,
      sizeBytes,
      layer,
      byLayer,
      how,
    ]),
  }
}

test.each([
  ['./usr/bin/', '/usr/bin'],
  ['usr//bin/./sh', '/usr/bin/sh'],
  ['/', '/'],
  ['.', '/'],
  ['../../etc/passwd', '/etc/passwd'],
])('%s is %s in the image', (written, path) => {
  expect(absolutePath(written)).toBe(path)
})

test('a later layer overwrites a file, and the bytes below are shadowed', () => {
  expect(seen([file('/a', 10), file('/b', 5)], [file('/a', 3)])).toEqual({
    paths: ['/b', '/a'],
    shadowed: [['/a', 10, 0, 1, 'overwritten']],
  })
})

test('a whiteout removes a file or a whole folder of lower layers, never of its own', () => {
  const lower = [folder('/d'), file('/d/x', 10), file('/d/e/y', 20), file('/z', 1)]
  expect(seen(lower, [file('/.wh.d', 0), file('/.wh.z', 0), file('/z', 2)])).toEqual({
    paths: ['/z'],
    shadowed: [
      ['/d/e/y', 20, 0, 1, 'removed'],
      ['/d/x', 10, 0, 1, 'removed'],
      ['/z', 1, 0, 1, 'removed'],
    ],
  })
})

test('an opaque folder hides what lower layers have in it, wherever in the tar its mark stands', () => {
  expect(seen([file('/d/x', 10), file('/d/y', 4)], [file('/d/y', 5), file('/d/.wh..wh..opq', 0)])).toEqual({
    paths: ['/d/y'],
    shadowed: [
      ['/d/x', 10, 0, 1, 'removed'],
      ['/d/y', 4, 0, 1, 'removed'],
    ],
  })
})

test('a file with several names is shadowed when the last is gone', () => {
  const lower = [file('/a', 10), hardlink('/b', '/a')]
  expect(seen(lower, [file('/a', 1)]).shadowed).toEqual([])
  expect(seen(lower, [file('/a', 1)], [file('/.wh.b', 0)]).shadowed).toEqual([['/a', 10, 0, 2, 'removed']])
})

test('a folder over a folder changes nothing below it; a file over a folder hides all of it', () => {
  expect(seen([file('/d/x', 10)], [folder('/d', 0o700)]).shadowed).toEqual([])
  expect(seen([file('/d/x', 10)], [file('/d', 1)]).shadowed).toEqual([['/d/x', 10, 0, 1, 'overwritten']])
})

test('links among the folders above are followed, as when a layer writes to /lib of a merged /usr', () => {
  const lower = [link('/lib', 'usr/lib'), file('/usr/lib/x.so', 10), link('/opt/l', '../lib')]
  expect(seen(lower, [file('/lib/x.so', 3)]).shadowed).toEqual([['/usr/lib/x.so', 10, 0, 1, 'overwritten']])
  expect(seen(lower, [file('/opt/l/x.so', 3)]).paths).toEqual(['/lib', '/usr/lib/x.so', '/opt/l'])
  expect(seen(lower, [file('/lib/.wh.x.so', 0)]).shadowed).toEqual([['/usr/lib/x.so', 10, 0, 1, 'removed']])
})

test('a link to a folder that comes later, and a link to itself, end no walk', () => {
  expect(seen([link('/lib', 'usr/lib'), file('/lib/x', 1)]).paths).toEqual(['/lib', '/usr/lib/x'])
  expect(seen([link('/l', 'l'), file('/l/x', 1)]).paths).toEqual(['/l/x'])
})

test('a path that a tar holds twice is shadowed by its own layer', () => {
  expect(seen([file('/a', 10), file('/a', 3)]).shadowed).toEqual([['/a', 10, 0, 0, 'overwritten']])
})

test('every visible byte has one cause, kernels by architecture, and what is hidden is the rest', () => {
  const torch = '/usr/local/lib/python3.12/dist-packages/torch/lib/libtorch_cuda.so'
  const found = attribute(
    image(
      [file('/usr/bin/env', 100), file('/usr/lib/python3.12/os.py', 50), file('/etc/x', 7)],
      [file(torch, 1000, { gpuCode: { sm_90: 600, compute_90: 100 } }), file('/etc/x', 8), file('/data', 2)],
      [file('/models/m/config.json', 5), file('/w.gguf', 500), file('/etc/passwd', 3)],
    ),
    { known: { engine: ['/data'], own: ['/etc/passwd'] } },
  )
  expect(found.causes.map(({ cause, sizeBytes, files }) => [cause, sizeBytes, files])).toEqual([
    ['kernels sm_90', 600, 0],
    ['weights', 505, 2],
    ['torch', 300, 1],
    ['base system', 108, 2],
    ['kernels compute_90', 100, 0],
    ['Python', 50, 1],
    ['our files', 3, 1],
    ['engine', 2, 1],
  ])
  expect(found.causes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(found.visibleBytes)
  expect(found).toMatchObject({
    unpackedBytes: 1675,
    visibleBytes: 1668,
    shadowed: { sizeBytes: 7, files: 1 },
  })
  expect(found.layers.map(({ unpackedBytes, shadowedBytes }) => [unpackedBytes, shadowedBytes])).toEqual([
    [157, 7],
    [1010, 0],
    [508, 0],
  ])
  expect(found.largest[0]).toEqual({ path: torch, sizeBytes: 1000, cause: 'torch', layer: 1 })
})

test('a layer of weights alone is weights, whatever its names', () => {
  const layers = image([file('/usr/share/x', 10)])
  expect(attribute(layers, { weightLayers: new Set(['sha256:0']) }).causes).toMatchObject([
    { cause: 'weights' },
  ])
  expect(attribute(layers).causes).toMatchObject([{ cause: 'base system' }])
})

test('equal files are a group; second names and shadowed copies are not in it', () => {
  const same = { sha256: 'aa' }
  const found = attribute(
    image(
      [
        file('/a', 5000, same),
        hardlink('/a2', '/a'),
        file('/gone', 5000, same),
        file('/other', 5000, { sha256: 'bb' }),
      ],
      [file('/b', 5000, same), file('/c', 5000, same), file('/.wh.gone', 0), file('/small', 5000)],
    ),
  )
  expect(found.duplicates).toEqual({
    sizeBytes: 10_000,
    groups: 1,
    largest: [{ sizeBytes: 5000, sha256: 'aa', copies: 3, paths: ['/a', '/b', '/c'] }],
  })
  expect(found.shadowed.sizeBytes).toBe(5000)
})

test('lists are cut and their totals are not', () => {
  const files = Array.from({ length: 9 }, (_, index) =>
    file(`/f${index}`, 5000 + index, { sha256: `${index % 4}` }),
  )
  const found = attribute(image(files, files), { top: 2 })
  expect(found.largest.map(({ path }) => path)).toEqual(['/f8', '/f7'])
  expect(found.shadowed).toMatchObject({ files: 9, largest: [{ path: '/f8' }, { path: '/f7' }] })
  expect(found.shadowed.largest).toHaveLength(2)
})

test('caches, shells, setuid files and open paths are told', () => {
  const { facts } = attribute(
    image([
      file('/bin/bash', 9, { mode: 0o755 }),
      link('/usr/bin/sh', 'dash'),
      file('/usr/share/doc/sh', 1),
      file('/usr/bin/gcc-12', 9, { mode: 0o755 }),
      file('/usr/bin/su', 9, { mode: 0o4755 }),
      file('/root/.cache/pip/http/x', 70),
      file('/var/lib/apt/lists/x', 30),
      folder('/tmp', 0o1777),
      folder('/open', 0o777),
      file('/open/f', 1, { mode: 0o666 }),
    ]),
  )
  expect(facts).toEqual({
    packageCaches: {
      sizeBytes: 100,
      files: 2,
      largest: [
        { path: '/root/.cache/pip/http/x', sizeBytes: 70 },
        { path: '/var/lib/apt/lists/x', sizeBytes: 30 },
      ],
    },
    shells: { count: 2, paths: ['/bin/bash', '/usr/bin/sh'] },
    packageManagers: { count: 0, paths: [] },
    compilers: { count: 1, paths: ['/usr/bin/gcc-12'] },
    setuid: { count: 1, paths: ['/usr/bin/su'] },
    worldWritable: { count: 2, paths: ['/open', '/open/f'] },
  })
})
