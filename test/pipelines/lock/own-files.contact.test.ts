import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ownLayerOf } from '../../../images/plan/own-layer.ts'
import { packOwnLayer } from '../../../pipelines/build/own-layer.ts'
import { requireSame } from '../../../pipelines/lock/locked-recipe.ts'
import { checkRecipe, loadRecipe } from '../../../pipelines/lock/recipe-files.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { lockFor } from '../../images/engines/fixtures.ts'
import { scratchFolder } from '../../scratch.ts'

const settings = { locksFolder: undefined }

/** A recipe with files beside it. */
async function place(
  wanted: string,
  files: Record<string, string>,
): Promise<{ folder: string; file: string }> {
  const folder = await scratchFolder()
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const file = join(folder, 'demo.yaml')
  await writeFile(
    file,
    `name: demo
model: { name: demo }
engine: { id: llama-cpp }
weights: { source: { type: folder, path: . } }
image:
  files:
    - ${wanted}
`,
  )
  return { folder, file }
}

test('files are locked by their hashes, packed with fixed owner and time, and a change is noticed', async () => {
  const files = {
    'src/server.py': 'print(1)\n',
    'src/deep/er.txt': 'x',
    'src/run': '#!/bin/true\n',
    'src/__pycache__/server.cpython-314.pyc': 'no',
    'src/tests/a.py': 'no',
  }
  const { folder, file } = await place('{ from: src, to: /app/src, exclude: ["tests/*"] }', files)
  await chmod(join(folder, 'src/run'), 0o700)
  await chmod(join(folder, 'src/server.py'), 0o600)
  const loaded = await loadRecipe(file, settings)
  const { ownFiles = [] } = loaded
  expect(ownFiles[0]?.files.map(({ path }) => path)).toEqual(['deep/er.txt', 'run', 'server.py'])
  const lock = { ...lockFor(loaded.recipe), ownFiles }
  expect(() => requireSame(loaded, lock)).not.toThrow()

  const store = await openStore(join(folder, 'store'))
  try {
    const layer = ownLayerOf(lock)
    if (layer === undefined) throw new Error('no layer')
    const [packed] = await packOwnLayer(store, layer, folder)
    const tar = blobPath(store, packed?.descriptor.digest ?? 'sha256:')
    const { stdout } = await promisify(execFile)('tar', ['--utc', '--full-time', '-tvf', tar])
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.replace(/ +/g, ' ')),
    ).toEqual([
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:01 app/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:01 app/src/',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:01 app/src/deep/',
      '-rw-r--r-- 0/0 1 1970-01-01 00:00:01 app/src/deep/er.txt',
      '-rwxr-xr-x 0/0 12 1970-01-01 00:00:01 app/src/run',
      '-rw-r--r-- 0/0 9 1970-01-01 00:00:01 app/src/server.py',
    ])
    await writeFile(join(folder, 'src/server.py'), 'print(2)\n')
    const changed = await loadRecipe(file, settings)
    expect(() => requireSame(changed, lock)).toThrow(
      /image\.files\.0: the recipe says src\/server\.py: sha256 \w{12}, the lock sha256/,
    )
    // The layer of the lock is in the store; another one is not made of other bytes.
    expect(await packOwnLayer(store, layer, folder)).toEqual([packed])
    const stale = { ...layer, key: 'f'.repeat(64) }
    await expect(packOwnLayer(store, stale, folder)).rejects.toThrow(/src\/server\.py/)
  } finally {
    await closeStore(store)
  }
})

test.each<[string, string, Record<string, string>, RegExp]>([
  ['a folder that is not there', '{ from: src, to: /a }', {}, /no such file or folder/],
  ['a file in which secrets are', '{ from: src, to: /a }', { 'src/.env': 'A=b' }, /\.env is a file in which/],
  ['a secret file itself', '{ from: id_rsa, to: /a }', { id_rsa: 'x' }, /id_rsa is a file in which/],
  [
    'nothing but what is left out',
    '{ from: src, to: /a, exclude: ["*"] }',
    { 'src/a': 'x' },
    /no file is left/,
  ],
])('%s is refused at its line and column', async (_, wanted, files, words) => {
  const checked = await checkRecipe((await place(wanted, files)).file)
  expect(checked).toMatchObject({
    ok: false,
    problems: [{ path: 'image.files.0.from', line: 7, column: 15, message: expect.stringMatching(words) }],
  })
})

test('what files need to run is in the lock', async () => {
  const { folder, file } = await place('{ from: src, to: /a }', {
    'src/env.py': '#!/usr/bin/env -S python3 -u\nprint(1)\n',
    'src/plain.sh': '#! /bin/sh -e\n',
    'src/text': 'x',
  })
  await copyFile('/bin/ls', join(folder, 'src/ls'))
  const { ownFiles = [] } = await loadRecipe(file, settings)
  const found = Object.fromEntries(ownFiles[0]?.files.map(({ path, ...facts }) => [path, facts]) ?? [])
  expect(found['env.py']).toMatchObject({ startedBy: ['/usr/bin/env', 'python3'] })
  expect(found['plain.sh']).toMatchObject({ startedBy: ['/bin/sh'] })
  expect(found['text']).not.toHaveProperty('startedBy')
  expect(found['ls']?.libraries).toContain('libc.so.6')
  expect(found['ls']?.startedBy?.[0]).toMatch(/^\/lib.*\/ld-linux/)
})

test('a link is refused', async () => {
  const { folder, file } = await place('{ from: src, to: /a }', { 'src/a': 'x' })
  await symlink('a', join(folder, 'src/b'))
  expect(await checkRecipe(file)).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringMatching(/b is a link/) }],
  })
})
