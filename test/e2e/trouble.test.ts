import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lockRequestOf } from '../../images/plan/lock-request.ts'
import { lockFileOf } from '../../pipelines/lock/lock-file.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { formatLock, parseLock } from '../../recipes/lock.ts'
import { lockOriginOf } from '../../recipes/lock-origin.ts'
import { parseRecipe } from '../../recipes/parse.ts'
import { setDigestOf } from '../../recipes/weights.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'
import { problemsOf } from './store-problems.ts'

const recipe = readFileSync(demoRecipe, 'utf8')
let place: Workplace

beforeAll(async () => {
  place = await newWorkplace()
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

describe('what is wrong before anything runs', () => {
  test.each([
    ['an unknown key', recipe.replace('serving:', 'servign:'), 'did you mean "serving"?'],
    ['a wrong type', recipe.replace('parallelism: 2', 'parallelism: two'), 'expected number, found "two"'],
    ['not YAML', 'name: [', 'a recipe is YAML'],
  ])('%s ends with 2, a place and a hint', async (name, text, words) => {
    const file = await writeRecipe(place, name.replaceAll(' ', '-'), text)
    const run = await ingot(['build', file], place)
    expect(run.code).toBe(2)
    expect(run.stderr).toContain(words)
    expect(run.stderr).toMatch(new RegExp(`${file}:\\d+:\\d+: `))
  })

  test('a missing file ends with 2', async () => {
    const run = await ingot(['build', 'nowhere.yaml'], place)
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no such file') })
  })

  test('an unknown option and an unknown command end with 2', async () => {
    expect((await ingot(['build', demoRecipe, '--verfy'], place)).code).toBe(2)
    expect(await ingot(['biuld'], place)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean `ingot build`?'),
    })
    expect(await ingot(['unheard-of'], place)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('commands are:'),
    })
  })

  test('check lists every problem of every file', async () => {
    const files = await Promise.all([
      writeRecipe(place, 'one', recipe.replace('name: smollm2-135m-llama-cpp', 'nmae: x')),
      writeRecipe(
        place,
        'two',
        recipe
          .replace('llama-cpp\n  version', 'lama-cpp\n  version')
          .replace('delivery: baked', 'delivery: bakd'),
      ),
    ])
    const run = await ingot(['check', ...files], place)
    expect(run.code).toBe(2)
    expect(run.stdout.split('\n').filter((line) => /\.yaml:\d+:\d+: /.test(line))).toHaveLength(4)
  })
})

test('no engine ends with 3 and says how to get one', async () => {
  const { _EXPERIMENTAL_DAGGER_RUNNER_HOST: _host, DAGGER_SESSION_PORT: _port, ...rest } = place.environment
  // bin/ingot needs a shell, coreutils and node, and none of the container tools.
  const tools = join(place.folder, 'tools')
  mkdirSync(tools)
  for (const tool of ['sh', 'dirname', 'readlink', 'env'])
    execFileSync('ln', ['-s', execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(tools, tool)])
  const run = await ingot(['build', demoRecipe], { ...place, environment: { ...rest, PATH: tools } })
  expect(run.code).toBe(3)
  expect(run.stderr).toContain('install or start Docker or Podman')
})

test('an engine that does not answer ends with 3', async () => {
  const silent = {
    ...place,
    environment: {
      ...place.environment,
      _EXPERIMENTAL_DAGGER_RUNNER_HOST: `unix://${place.folder}/nobody.sock`,
    },
  }
  const run = await ingot(['build', demoRecipe], silent)
  expect(run.code).toBe(3)
  expect(run.stderr).toContain('open a session with the Dagger engine')
})

test('a sha256 that is not the file’s is found before a byte of it moves', async () => {
  const wrong = recipe.replace(/sha256: [0-9a-f]{64}/, `sha256: "${'ab'.repeat(32)}"`)
  const run = await ingot(['build', await writeRecipe(place, 'wrong', wrong), '--no-verify'], place)
  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/Q4_1\.gguf has sha256 [0-9a-f]{64}.*\n.*correct `sha256`/)
})

test('bytes that do not have their locked sha256 fail, and nothing of them stays in the store', async () => {
  const own = await newWorkplace()
  expect((await ingot(['lock', demoRecipe], own)).code).toBe(0)
  const [name = ''] = readdirSync(join(own.folder, 'locks'))
  const lockFile = join(own.folder, 'locks', name)
  const lock = parseLock(readFileSync(lockFile, 'utf8'), lockFile)
  const files = lock.weights.files.map((file) => ({ ...file, sha256: 'ab'.repeat(32) }))
  // The recipe and the record say the same wrong hash: what differs from the recipe is refused before a byte is read.
  const wrong = await writeRecipe(
    own,
    'wrong',
    recipe.replace(/sha256: [0-9a-f]{64}/, `sha256: ${'ab'.repeat(32)}`),
  )
  const parsed = parseRecipe(readFileSync(wrong, 'utf8'), wrong)
  if (!parsed.ok) throw new Error('the recipe has problems')
  const madeFrom = lockOriginOf(parsed.recipe, lockRequestOf(parsed.recipe))
  await writeFile(
    lockFileOf(wrong, readSettings(own.environment)),
    formatLock({ ...lock, madeFrom, weights: { ...lock.weights, files, setDigest: setDigestOf(files) } }),
  )
  const run = await ingot(['build', wrong, '--no-verify'], own)
  expect(run.code).toBe(1)
  expect(run.stderr).toContain('ab'.repeat(32))
  const bytes = Number(execFileSync('du', ['-sb', own.store], { encoding: 'utf8' }).split('\t')[0])
  expect(bytes).toBeLessThan(60e6)
  expect(await problemsOf(own.store)).toBe(0)
  await rm(own.folder, { recursive: true, force: true })
})

test('a broken budget ends with 1 and names both figures', async () => {
  const tight = recipe.replace('total: 150MB', 'total: 50MB')
  const run = await ingot(['build', await writeRecipe(place, 'tight', tight), '--no-verify'], place)
  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/total is 1\d\d\.\d MB, allowed 50\.0 MB/)
})

test('a full disk ends with 3; the store is sound', async () => {
  const own = await newWorkplace()
  mkdirSync(own.store)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', own.store])
  try {
    const run = await ingot(['build', demoRecipe, '--no-verify'], own)
    expect(run.code, run.stderr).toBe(3)
    expect(run.stderr).toMatch(/disk|space/)
    expect(await problemsOf(own.store)).toBe(0)
  } finally {
    execFileSync('umount', [own.store])
    await rm(own.folder, { recursive: true, force: true })
  }
})

describe('Ctrl-C', () => {
  let own: Workplace

  beforeAll(async () => {
    own = await newWorkplace()
  })

  afterAll(() => rm(own.folder, { recursive: true, force: true }))

  test.each(['lock ', 'weights ', 'install ', 'list ', 'pack ', 'boot ', 'ready '])(
    'while it says "%s" ends with 130 and leaves a sound store',
    async (stage) => {
      let sent = false
      const run = await ingot(['build', demoRecipe], own, (line, kill) => {
        if (sent || !line.startsWith(`ingot: ${stage}`)) return
        sent = true
        kill('SIGINT')
      })
      expect(sent, run.stderr).toBe(true)
      expect(run.code).toBe(130)
      expect(run.stderr).toContain('the next run goes on from here')
      expect(await problemsOf(own.store)).toBe(0)
    },
  )

  test('kill -9 while it boots leaves a sound store', async () => {
    const run = await ingot(['build', demoRecipe], own, (line, kill) => {
      if (line.startsWith('ingot: boot ')) kill('SIGKILL')
    })
    expect(run.code).toBe(1000)
    expect(await problemsOf(own.store)).toBe(0)
  })

  test('the next run continues and verifies', async () => {
    const run = await ingot(['build', demoRecipe], own)
    expect(run.code, run.stderr).toBe(0)
    expect(run.stdout).toContain('verified: ')
    expect(run.stderr).not.toContain('install ')
  })
})
