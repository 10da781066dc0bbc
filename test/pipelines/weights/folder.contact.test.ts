import { execFileSync } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { inventoryWeights, openWeights } from '../../../pipelines/weights/inventory.ts'
import type { SourceOf } from '../../../recipes/weights.ts'
import { scratchFolder } from '../../scratch.ts'
import { contextFor } from './samples.ts'

const token = ['hf', 'qWeRtYuIoPaSdFgHjKlZxCvBnM0987654321'].join('_')

async function put(folder: string, path: string, text = 'x') {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), text)
}

async function model(...more: string[]): Promise<string> {
  const folder = join(await scratchFolder(), 'model')
  for (const path of ['config.json', 'model.safetensors', ...more]) await put(folder, path)
  return folder
}

function lock(
  path: string,
  more: Partial<SourceOf<'folder'>> = {},
  environment: Record<string, string> = {},
) {
  return inventoryWeights({ type: 'folder', path, ...more }, contextFor(environment))
}

const pathsOf = (weights: Awaited<ReturnType<typeof lock>>) => weights.files.map(({ path }) => path)

describe('files in which programs keep secrets', () => {
  test.each([
    '.env',
    'sub/.env.production',
    'prod.env',
    '.netrc',
    '_netrc',
    '.git-credentials',
    '.npmrc',
    '.pypirc',
    'id_rsa',
    'ID_RSA',
    '.ssh/config',
    '.aws/credentials',
    '.docker/config.json',
    'credentials.json',
    'credentials',
    'client_secret_12.apps.json',
    'service-account.json',
    'kubeconfig',
    '.kube/config',
    'secrets.yaml',
    'tls.key',
    '.bash_history',
    '.huggingface/token',
  ])('%s is refused by name; left out or taken as the patterns say', async (path) => {
    const folder = await model(path)
    await expect(lock(folder)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(path),
      hint: expect.stringContaining('exclude'),
    })
    expect(pathsOf(await lock(folder, { exclude: [path] }))).toEqual(['config.json', 'model.safetensors'])
    expect(pathsOf(await lock(folder, { include: [path] }))).toEqual([path])
  })

  test.each([
    '.env.example',
    'tokenizer.json',
    'special_tokens_map.json',
    'keys.txt',
    'environment.yml',
    'id_rsa.pub',
  ])('%s is a file like any other', async (path) =>
    expect(pathsOf(await lock(await model(path)))).toContain(path),
  )

  test('a token of the run in any small file is found when the folder is locked, and not shown', async () => {
    const folder = await model()
    await put(folder, 'notes/how.txt', `export X=${token}`)
    const failed = lock(folder, {}, { HF_TOKEN: token })
    await expect(failed).rejects.toMatchObject({
      code: 'secret-found',
      message: expect.stringContaining('notes/how.txt: the secret of HF_TOKEN'),
    })
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining(token) })
    expect(pathsOf(await lock(folder, { exclude: ['notes/'] }, { HF_TOKEN: token }))).toHaveLength(2)
  })
})

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

describe('what is no file', () => {
  test('FIFOs, sockets and odd names are listed with a reason, and nothing is opened', async () => {
    const folder = await model()
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const server = createServer().listen(join(folder, 'sock'))
    onTestFinished(() => void server.close())
    await put(folder, 'two\nlines.json')
    await put(folder, 'back\\slash.json')
    await writeFile(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9), Buffer.from('.json')]), 'x')
    const { skipped = [], ...weights } = await lock(folder)
    expect(weights.files).toHaveLength(2)
    expect(Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]))).toEqual({
      pipe: 'a FIFO, and no file',
      sock: 'a socket, and no file',
      'two\\x0alines.json': expect.stringContaining('newline'),
      'back\\slash.json': expect.stringContaining('backslash'),
      'caf\\xe9.json': 'its name is not UTF-8',
    })
  })

  test('a link to a device is listed', async () => {
    const folder = await model()
    await symlink('/dev/zero', join(folder, 'zero'))
    expect((await lock(folder)).skipped).toMatchObject([
      { path: 'zero', reason: 'a link to a device, and no file' },
    ])
  })

  test.each<[string, (path: string) => Promise<unknown>, string]>([
    ['a FIFO', async (path) => execFileSync('mkfifo', [path]), 'is a FIFO'],
    ['a folder', (path) => mkdir(path), 'is a folder'],
    ['a link to a device', (path) => symlink('/dev/zero', path), 'is a device'],
    ['nothing', async () => undefined, 'ENOENT'],
  ])('%s in the place of a locked file is an error at once', async (_, make, words) => {
    const folder = await model()
    const weights = await lock(folder)
    const path = join(folder, 'model.safetensors')
    await rm(path)
    await make(path)
    const source = await openWeights(weights, contextFor())
    onTestFinished(() => source.close())
    const [, file] = weights.files
    if (file === undefined) throw new Error('no file')
    const error = {
      code: 'not-found',
      message: expect.stringContaining(words),
      hint: expect.stringContaining('lock'),
    }
    await expect(Array.fromAsync(source.read(file, 0))).rejects.toMatchObject(error)
    await expect(source.openLocal?.(file)).rejects.toMatchObject(error)
  })

  test('a folder that is a file or is not there is said as such', async () => {
    const folder = await model()
    await expect(lock(join(folder, 'config.json'))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('no folder'),
    })
    await expect(lock(join(folder, 'none'))).rejects.toMatchObject({ code: 'not-found' })
  })
})

test('files that no server reads are no model, and the patterns are not blamed', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'README.md'), '# m')
  await writeFile(join(folder, '.gitattributes'), '')
  const error = await lock(folder).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'no-files', hint: expect.not.stringContaining('include') })
  expect(String(error)).toContain('README.md is not read by any server')
})
