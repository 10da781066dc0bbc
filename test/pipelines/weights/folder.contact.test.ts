import { execFileSync } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { listFolder } from '../../../pipelines/weights/folder-list.ts'
import { openWeights } from '../../../pipelines/weights/inventory.ts'
import { scratchFolder } from '../../scratch.ts'
import { lock, model, pathsOf, put } from './folder-samples.ts'
import { contextFor } from './samples.ts'

const token = ['hf', 'qWeRtYuIoPaSdFgHjKlZxCvBnM0987654321'].join('_')

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
})

test('files that no server reads are no model, and the patterns are not blamed', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'README.md'), '# m')
  await writeFile(join(folder, '.gitattributes'), '')
  const error = await lock(folder).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'no-files', hint: expect.not.stringContaining('include') })
  expect(String(error)).toContain('README.md is not read by any server')
})

test('a folder in which no file is a model’s says so, and speaks of no patterns', async () => {
  const folder = join(await scratchFolder(), 'model')
  await put(folder, 'README.md')
  await expect(lock(folder)).rejects.toMatchObject({
    failure: {
      found: '1 file, and none is taken: README.md is not read by any server',
      hint: expect.stringContaining('no file of a model is there'),
    },
  })
})

test('a name with blanks, brackets, a mark and a hash is locked as it is', async () => {
  const name = 'My Model  (v2) #1 100%.gguf'
  const folder = join(await scratchFolder(), 'model')
  await put(folder, name)
  expect(pathsOf(await lock(folder))).toEqual([name])
})

describe('a place that is no folder of weights', () => {
  test.each<[string, (place: string) => unknown, string, string]>([
    ['nothing', () => undefined, 'refused', 'there is nothing'],
    ['a file', (place) => writeFile(place, 'x'), 'refused', 'it is a file'],
    ['a FIFO', (place) => execFileSync('mkfifo', [place]), 'refused', 'it is a FIFO'],
    [
      'a folder of one FIFO',
      async (place) => {
        await mkdir(place)
        execFileSync('mkfifo', [join(place, 'model.gguf')])
      },
      'no-files',
      'no file at all: model.gguf is a FIFO',
    ],
  ])('%s is said', async (_, make, code, found) => {
    const place = join(await scratchFolder(), 'weights')
    await make(place)
    await expect(lock(place)).rejects.toMatchObject({
      code,
      failure: { found: expect.stringContaining(found) },
    })
  })

  test('below a file there is no folder', async () => {
    const place = join(await scratchFolder(), 'file')
    await writeFile(place, 'x')
    await expect(lock(join(place, 'weights'))).rejects.toMatchObject({ code: 'refused' })
  })
})

// Whatever reads that folder has it open while it lists it, and not any more when it looks at what it listed.
test.skipIf(process.platform !== 'linux')(
  'a file that goes while its folder is listed is told as that',
  async () => {
    await expect(listFolder('/proc/self/fd', { path: 'fd', exclude: ['*'] })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/\d+ went away while the folder was listed/),
      hint: expect.stringContaining('somebody is changing the folder'),
    })
  },
)
