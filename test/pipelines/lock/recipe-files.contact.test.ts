import { execFileSync } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkCommand } from '../../../pipelines/commands/check.ts'
import { checkRecipe, loadRecipe } from '../../../pipelines/lock/recipe-files.ts'
import { recipesOf } from '../../../pipelines/lock/recipe-places.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { scratchFolder } from '../../scratch.ts'
import { quiet } from '../outgoing/sample.ts'

const demo = join(import.meta.dirname, '../../../recipes/smollm2-135m-llama-cpp.yaml')

async function check(text: string) {
  const file = join(await scratchFolder(), 'r.yaml')
  await writeFile(file, text)
  return checkPlace(file)
}

async function checkPlace(place: string) {
  const [out, errors] = [[] as string[], [] as string[]]
  const code = await checkCommand.run([place], {
    stdout: (said) => void out.push(said),
    stderr: (said) => void errors.push(said),
    settings: readSettings({}),
    progress: quiet,
    signal: new AbortController().signal,
  })
  return { code, out: out.join(''), errors: errors.join('') }
}

test.each<[string, (path: string) => Promise<unknown>, string]>([
  ['a FIFO', async (path) => execFileSync('mkfifo', [path]), 'no regular file'],
  ['a device', (path) => symlink('/dev/zero', path), 'no regular file'],
  ['a folder', (path) => mkdir(path), 'a folder'],
  ['nothing', async () => undefined, 'no such file'],
])('%s is no recipe, and is said at once', async (_, make, words) => {
  const path = join(await scratchFolder(), 'r.yaml')
  await make(path)
  await expect(checkRecipe(path)).rejects.toMatchObject({
    code: 'no-recipe',
    message: expect.stringContaining(words),
  })
})

test('a recipe of 22 MB is refused by its size, before it is read as YAML', async () => {
  const labels = Array.from({ length: 200_000 }, (_, i) => `    label${i}: "${'x'.repeat(90)}"\n`).join('')
  const { code, out } = await check(`${await readFile(demo, 'utf8')}image:\n  labels:\n${labels}`)
  expect(code).toBe(2)
  expect(out).toMatch(/r\.yaml:1:1: the file has more than 262\.1 kB/)
})

test('what the engine sets is a problem of `ingot check`, at its place', async () => {
  const text = await readFile(demo, 'utf8')
  const { code, out } = await check(
    text.replace('\nserving:\n', '\nserving:\n  extraArguments: ["--host", "::1"]\n'),
  )
  expect(code).toBe(2)
  expect(out).toMatch(
    /r\.yaml:\d+:20: serving\.extraArguments\.0: --host is set by ingot itself\n {4}the server listens/,
  )
})

test('a doubt is told beside the verdict and stops nothing', async () => {
  const text = (await readFile(demo, 'utf8')).replace('id: llama-cpp', 'id: llama-cpp\n  device: cuda')
  const { code, out, errors } = await check(`${text}target:\n  gpu: some-new-board\n`)
  expect({ code, out }).toEqual({ code: 0, out: 'recipe is valid\n' })
  expect(errors).toMatch(/r\.yaml:\d+:8: target\.gpu: warning: the catalogue has no GPU "some-new-board"/)
})

test('two endings of one name in one folder would share a lock, and are refused', async () => {
  const folder = await scratchFolder()
  const [long, short] = ['r.yaml', 'r.yml'].map((name) => join(folder, name))
  if (long === undefined || short === undefined) throw new Error('no names')
  await writeFile(long, await readFile(demo))
  await expect(loadRecipe(long, { locksFolder: undefined })).resolves.toMatchObject({
    lockFile: join(folder, 'r.lock.json'),
  })
  await writeFile(short, await readFile(demo))
  for (const file of [long, short])
    await expect(loadRecipe(file, { locksFolder: undefined })).rejects.toMatchObject({
      code: 'invalid-recipe',
      failure: {
        found: expect.stringContaining('r.lock.json'),
        hint: 'give one of the two another name',
      },
    })
  await expect(loadRecipe(long, { locksFolder: folder })).resolves.toMatchObject({ file: long })
})

test('one recipe of a matrix and a file of its name would share a lock, and so would a file without an ending', async () => {
  const folder = await scratchFolder()
  const text = await readFile(demo, 'utf8')
  const matrix = `${text}matrix:\n  serving.parallelism: [2, 3]\n`
  await writeFile(join(folder, 'all.yaml'), matrix)
  const [name = ''] = await recipesOf(join(folder, 'all.yaml'))
  const own = name.slice(name.indexOf('#') + 1)
  const settings = { locksFolder: undefined }
  await expect(loadRecipe(name, settings)).resolves.toMatchObject({
    lockFile: join(folder, `${own}.lock.json`),
  })
  await writeFile(join(folder, `${own}.yaml`), text)
  await expect(loadRecipe(name, settings)).rejects.toThrow(`${own}.yaml is there as well`)
  await writeFile(join(folder, own), text)
  await expect(loadRecipe(join(folder, own), settings)).rejects.toThrow(`${own}.yaml is there as well`)
})

test('of a folder the files of other formats are passed over, and named', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'demo.yaml'), await readFile(demo, 'utf8'))
  await writeFile(join(folder, 'compose.yaml'), 'services:\n  web:\n    image: x\n')
  expect(await checkPlace(folder)).toEqual({
    code: 0,
    out: 'recipe is valid\n',
    errors: `ingot: ${join(folder, 'compose.yaml')} was passed over, since no key of a recipe stands in it\n`,
  })
  expect((await checkPlace(join(folder, 'compose.yaml'))).code).toBe(2)
})

test('a folder with nothing but other formats says so', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'compose.yaml'), 'services: {}\n')
  await expect(checkPlace(folder)).rejects.toThrow('compose.yaml is no recipe: no key of one stands there')
})

test.each([
  ['models', 'there is no folder'],
  ['r.yaml', 'is no folder'],
])('weights in %s, which is none, are a doubt at their place', async (path, words) => {
  const text = (await readFile(demo, 'utf8')).replace(
    /source:[\s\S]*?\n {2}delivery/,
    `source:\n    type: folder\n    path: ${path}\n  delivery`,
  )
  const { code, errors } = await check(text)
  expect(code).toBe(0)
  expect(errors).toMatch(/r\.yaml:11:11: weights\.source\.path: warning: /)
  expect(errors).toContain(words)
})
