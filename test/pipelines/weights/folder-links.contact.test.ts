import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratchFolder } from '../../scratch.ts'
import { lock, model, pathsOf, put } from './folder-samples.ts'

describe('links', () => {
  const outside = async (folder: string) => {
    await put(dirname(folder), 'elsewhere/shadow', 'root:*')
    return join(dirname(folder), 'elsewhere')
  }

  test.each<[string, (folder: string) => Promise<void>, string]>([
    [
      'to a file outside',
      async (folder) => symlink(join(await outside(folder), 'shadow'), join(folder, 'odd')),
      'out',
    ],
    [
      'to a folder outside',
      async (folder) => symlink(await outside(folder), join(folder, 'odd')),
      'out of the folder',
    ],
    [
      'out of it by a relative path',
      async (folder) => {
        await outside(folder)
        await symlink('../elsewhere/shadow', join(folder, 'odd'))
      },
      'out of the folder',
    ],
    [
      'out of it by a link inside',
      async (folder) => {
        await mkdir(join(folder, 'sub'))
        await symlink(join(await outside(folder), 'shadow'), join(folder, 'sub/odd'))
      },
      'sub/odd: a link that leads out',
    ],
    ['to nothing', (folder) => symlink('no-such-file', join(folder, 'odd')), 'odd: a link to nothing'],
    ['to itself', (folder) => symlink('odd', join(folder, 'odd')), 'odd: a link that leads to itself'],
  ])('%s: refused by name, and left out where the patterns say so', async (_, make, words) => {
    const folder = await model()
    await make(folder)
    await expect(lock(folder)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(words),
      hint: expect.stringContaining('allowLinks'),
    })
    expect(pathsOf(await lock(folder, { exclude: ['*odd*'] }))).toEqual(['config.json', 'model.safetensors'])
  })

  test('all of them are named at once', async () => {
    const folder = await model()
    for (const name of ['a', 'b', 'c']) await symlink('/etc/hostname', join(folder, name))
    await expect(lock(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/a: .*\n.*b: .*\n.*c: /),
    })
  })

  test('what allowLinks names is followed, a folder with all that is in it', async () => {
    const folder = await model()
    await symlink(await outside(folder), join(folder, 'shared'))
    await symlink('../elsewhere/shadow', join(folder, 'one.txt'))
    await expect(lock(folder, { allowLinks: ['shared'] })).rejects.toMatchObject({ code: 'refused' })
    const weights = await lock(folder, { allowLinks: ['shared', 'one.*'] })
    expect(pathsOf(weights)).toEqual(['config.json', 'model.safetensors', 'one.txt', 'shared/shadow'])
  })

  test('a link to a folder above it has no end, whatever is allowed', async () => {
    const folder = await model()
    await symlink('..', join(folder, 'up'))
    await expect(lock(folder, { allowLinks: ['*'] })).rejects.toMatchObject({
      message: expect.stringContaining('up: a link to a folder above it'),
    })
  })

  test('links inside of the folder are files; to a folder inside they are listed', async () => {
    const folder = await model('v1/tokenizer.json')
    await symlink('v1/tokenizer.json', join(folder, 'tokenizer.json'))
    await symlink('v1', join(folder, 'latest'))
    const weights = await lock(folder)
    expect(pathsOf(weights)).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'v1/tokenizer.json',
    ])
    expect(weights.skipped).toMatchObject([
      { path: 'latest', reason: expect.stringContaining('link to a folder') },
    ])
  })

  test('a snapshot of the Hub’s cache holds links to its blobs, and to nothing else', async () => {
    const hub = await scratchFolder()
    const repo = join(hub, 'models--acme--tiny')
    await put(repo, 'blobs/0123', 'tensors')
    await put(repo, 'blobs/4567', '{}')
    const snapshot = join(repo, 'snapshots/c0ffee')
    await mkdir(join(snapshot, 'sub'), { recursive: true })
    await symlink('../../blobs/0123', join(snapshot, 'model.safetensors'))
    await symlink('../../../blobs/4567', join(snapshot, 'sub/config.json'))
    expect(pathsOf(await lock(snapshot))).toEqual(['model.safetensors', 'sub/config.json'])
    expect(pathsOf(await lock(join(snapshot, 'sub')))).toEqual(['config.json'])
    await put(hub, 'models--acme--other/blobs/89ab')
    await symlink('../../../models--acme--other/blobs/89ab', join(snapshot, 'other'))
    await expect(lock(snapshot)).rejects.toMatchObject({ message: expect.stringContaining('other: a link') })
  })
})
