import { expect, test } from 'vitest'
import { modelFiles } from '../../../pipelines/weights/oci-files.ts'
import { type ArchiveListing, layTree } from '../../../pipelines/weights/oci-tree.ts'
import type { TarEntry } from '../../../pipelines/weights/tar-files.ts'
import { sha256 } from './samples.ts'

/** `a` is a file, `a/` a folder, `a -> b` a link and `a = b` a hard link. */
function entryOf(line: string): TarEntry {
  const [, path = '', arrow, target = ''] = /^(\S+?)(?: (->|=) (\S+))?$/.exec(line) ?? []
  if (arrow !== undefined) return { type: arrow === '=' ? 'hard-link' : 'link', path, target }
  if (path.endsWith('/')) return { type: 'folder', path }
  return { type: 'file', path, sizeBytes: path.length, sha256: sha256(path), offset: 512 }
}

function listing(lines: readonly string[], index: number, isImage: boolean): ArchiveListing {
  const layer = { mediaType: 'application/x', digest: `sha256:${sha256(String(index))}` as const, size: 1 }
  return { layer, isImage, compression: index === 0 ? 'none' : 'gzip', entries: lines.map(entryOf) }
}

function read(layers: readonly string[][], isImage = true) {
  const found = modelFiles(layTree(layers.map((lines, i) => listing(lines, i, isImage))), [], isImage)
  return {
    files: Object.fromEntries(found.files.map(({ path, sha256: hash }) => [path, hash])),
    skipped: found.skipped.map(({ path, reason }) => `${path}: ${reason}`),
    unread: found.unread,
    from: found.files.map(({ from }) => from?.replace(/^[0-9a-f]+/, 'LAYER')),
  }
}

const hashes = (...paths: [string, string?][]) =>
  Object.fromEntries(paths.map(([path, of = path]) => [path.replace(/^models\//, ''), sha256(of)]))
const weights = 'models/m.safetensors'

test.each<[string, string[][], Record<string, string>]>([
  ['a whiteout takes a file', [[weights, 'models/a'], ['models/.wh.a']], hashes([weights])],
  ['a whiteout takes a folder', [[weights, 'models/a/b'], ['models/.wh.a']], hashes([weights])],
  [
    'an opaque folder hides what was below',
    [
      [weights, 'models/d/a'],
      ['models/d/b', 'models/d/.wh..wh..opq'],
    ],
    hashes([weights], ['models/d/b']),
  ],
  [
    'a whiteout spares files of its own layer',
    [[weights], ['models/a', 'models/.wh.a']],
    hashes([weights], ['models/a']),
  ],
  [
    'the upper file counts',
    [['models/a', weights], ['./models/a']],
    hashes([weights], ['models/a', './models/a']),
  ],
  ['a file in place of a folder', [[weights, 'models/a/b'], ['models/a']], hashes([weights], ['models/a'])],
  ['a folder in place of a file', [[weights, 'models/a'], ['models/a/b']], hashes([weights], ['models/a/b'])],
  [
    'a hard link into a lower layer',
    [[weights], ['models/n = models/m.safetensors']],
    hashes([weights], ['models/n', weights]),
  ],
  [
    'links through links',
    [[weights, 'd/x', 'e -> /d', 'models/x -> ../../e/./x']],
    hashes([weights], ['models/x', 'd/x']),
  ],
  [
    'a link to a folder elsewhere',
    [[weights, 'd/x', 'd/y/z', 'models/d -> ../d']],
    hashes([weights], ['models/d/x', 'd/x'], ['models/d/y/z', 'd/y/z']),
  ],
  [
    'weights that are links',
    [['blobs/sha256-1', 'models/m.gguf -> ../blobs/sha256-1']],
    hashes(['models/m.gguf', 'blobs/sha256-1']),
  ],
])('%s', (_, layers, files) => {
  expect(read(layers)).toMatchObject({ files, unread: [] })
})

test.each<[string, string[][], RegExp]>([
  ['a link to nothing', [[weights, 'models/x -> y']], /^models\/x: a link to y, which is not there$/],
  ['links that lead to each other', [[weights, 'models/x -> y', 'models/y -> x']], /models\/x: a link to y/],
  [
    'a link to what a whiteout took',
    [[weights, 'a', 'models/x -> /a'], ['.wh.a']],
    /models\/x: a link to \/a/,
  ],
  ['a hard link to nothing', [[weights, 'models/x = models/y']], /models\/x is a hard link to models\/y/],
  [
    'a folder of links elsewhere',
    [[weights, 'd/x', 'd/l -> x', 'models/d -> ../d']],
    /a link to a folder with links/,
  ],
  [
    'no model',
    [['bin/sh', 'config.json', 'lib/data.bin']],
    /no \.safetensors and no \.gguf among the 3 files/,
  ],
])('%s is named', (_, layers, words) => {
  expect(read(layers).unread).toContainEqual(expect.stringMatching(words))
})

test('a link within the model to a folder of it, and the system around it, are listed', () => {
  const { skipped, from } = read([
    [weights, 'models/d/x', 'models/e -> d'],
    ['bin/sh', 'etc/passwd'],
  ])
  expect(skipped).toEqual([
    'e: a link to a folder whose files stand at their own place',
    expect.stringMatching(/^layer sha256:[0-9a-f]{12}: 2 files: a part of the image outside of \/models/),
  ])
  expect(from).toEqual(['LAYER/512', 'LAYER/512'])
})

test.each([
  [['../x.safetensors', 'm.safetensors'], /its member "\.\.\/x\.safetensors" leads out/],
  [['m.safetensors', 'x -> ../m.safetensors'], /x: a link to \.\.\/m\.safetensors/],
  [['m.safetensors', 'x -> /m.safetensors'], /x: a link to \/m\.safetensors/],
])('an archive of files has no root that holds what leads out: %j', (lines, words) => {
  expect(read([[...lines]], false).unread).toContainEqual(expect.stringMatching(words))
})

test('a model in one folder of an archive, and names of whiteouts, are plain files there', () => {
  const { files, skipped } = read(
    [['kit/m.safetensors', 'kit/config.json', 'kit/.wh.a', 'kit/a', 'src/x.py']],
    false,
  )
  expect(Object.keys(files).sort()).toEqual(['.wh.a', 'a', 'config.json', 'm.safetensors'])
  expect(skipped).toEqual(['src/x.py: outside of kit, where the model is'])
})
