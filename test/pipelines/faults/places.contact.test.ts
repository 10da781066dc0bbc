import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { fillFolder } from '../../../pipelines/bundle/files.ts'
import { describeError, exitCodeOf } from '../../../pipelines/command-line/exit.ts'
import { makeFolder } from '../../../pipelines/files/make-folder.ts'
import { openRegularFile, readRegularFile } from '../../../pipelines/files/regular-file.ts'
import { openStore } from '../../../pipelines/store/open.ts'
import { scratchFolder } from '../../scratch.ts'

/** Places where nothing can be made; a root user may write everywhere, so rights are no such place here. */
async function crooked(): Promise<string> {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'file'), '')
  await symlink('/nonexistent/place', join(folder, 'dangling'))
  await symlink('circle', join(folder, 'circle'))
  return folder
}

const places = [
  'file/a',
  'file/a/b/c',
  'dangling/a',
  'dangling/a/b',
  'circle/a',
  `${'n'.repeat(300)}/a`,
  '/proc/nosuch/a/b',
]

const makers: [name: string, make: (place: string) => Promise<unknown>][] = [
  ['a folder', makeFolder],
  ['a store', openStore],
  ['a bundle', (place) => fillFolder(place, async () => undefined)],
]

test.each(makers.flatMap(([name, make]) => places.map((place) => ({ name, make, place }))))(
  '$name at $place ends at once, in words',
  async ({ make, place }) => {
    const folder = await crooked()
    const error = await make(resolve(folder, place)).catch((caught: unknown) => caught)
    expect(describeError(error)).toMatch(/^ingot: could not .+\n {2}found: .+\n {2}to do: .+\n$/)
    expect([2, 3]).toContain(exitCodeOf(error))
    expect(await readdir(folder)).toEqual(['circle', 'dangling', 'file'])
  },
)

test('a folder is made with all above it, once or twice, by one or by several at a time', async () => {
  const folder = await scratchFolder()
  await makeFolder(join(folder, 'a/b/c'))
  await makeFolder(join(folder, 'a/b/c'))
  await Promise.all(
    Array.from({ length: 8 }, (_, index) => makeFolder(join(folder, 'd/e/f', `${index % 2}`))),
  )
  expect((await stat(join(folder, 'd/e/f/1'))).isDirectory()).toBe(true)
  await mkdir(join(folder, 'real'))
  await symlink('real', join(folder, 'link'))
  await makeFolder(join(folder, 'link/below'))
  expect((await stat(join(folder, 'real/below'))).isDirectory()).toBe(true)
})

test('no stage makes folders by Node’s own recursion, which never ends where one cannot be made', async () => {
  const root = resolve(import.meta.dirname, '../../..')
  for (const file of globSync('pipelines/**/*.ts', { cwd: root })) {
    const text = await readFile(join(root, file), 'utf8')
    expect(text.match(/\bmkdir(Sync)?\([^;]*recursive/), file).toBeNull()
  }
})

test.each([
  ['a pipe', (path: string) => void execFileSync('mkfifo', [path]), 'no regular file'],
  ['a folder', (path: string) => mkdir(path), 'a folder'],
  ['a device', (path: string) => symlink('/dev/zero', path), 'no regular file'],
  ['nothing', async () => undefined, 'no such file'],
  ['a link in a circle', (path: string) => symlink('it', path), 'circle'],
])('%s is not read as a file', async (_, make, words) => {
  const path = join(await scratchFolder(), 'it')
  await make(path)
  expect(await readRegularFile(path)).toMatchObject({ ok: false, found: expect.stringContaining(words) })
})

test('a file is read as it is', async () => {
  const path = join(await scratchFolder(), 'it')
  await writeFile(path, 'text')
  await chmod(path, 0o400)
  expect(await readRegularFile(path)).toEqual({ ok: true, text: 'text' })
  const opened = await openRegularFile(path)
  if (opened.ok) await opened.file.close()
  expect(opened.ok).toBe(true)
})
