import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runJob } from '../github/steps.ts'

// The jobs of check.yml in a fresh checkout, whose tests are a few of ours: all of them are what CI runs anyway.

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const kept = ['test/lib', 'test/limits', 'test/tools', 'test/e2e/index-mirror.test.ts']
// They measure with tables of tests that are not kept.
const left = ['test/tools/cache-judge', 'test/tools/logged-starts.ts']
let checkout: string

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'ingot-checkout-'))
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 1 << 24,
  })
  const isBelow = (file: string, names: readonly string[]) => names.some((name) => file.startsWith(name))
  const isKept = (file: string) => !file.startsWith('test/') || (isBelow(file, kept) && !isBelow(file, left))
  for (const file of stdout.split('\0').filter((name) => name !== '' && isKept(name))) {
    await mkdir(dirname(join(checkout, file)), { recursive: true })
    await cp(join(root, file), join(checkout, file))
  }
  await run('git', ['init', '-q'], { cwd: checkout })
})

afterAll(() => rm(checkout, { recursive: true, force: true }))

/** A job as on a runner: nothing of the test run around it in its environment. */
function job(name: string) {
  const own = Object.entries(process.env).filter(([key]) => !/^(npm_|VITEST|NODE_OPTIONS$|TEST$)/.test(key))
  const environment = { ...Object.fromEntries(own), INGOT_STORE: join(checkout, '.ingot/store') }
  return runJob({
    workflow: 'check.yml',
    job: name,
    known: {},
    environment,
    folder: checkout,
    checkout,
    registry: '',
  })
}

test('the check job installs, checks and tests', async () => {
  await job('check')
  expect(await readdir(join(checkout, 'node_modules/.bin'))).toContain('vitest')
})

test('the e2e job runs on a real engine', async () => {
  await expect(job('e2e')).resolves.toBeDefined()
})

test('a failing test fails the check job, and is named', async () => {
  const file = 'test/lib/wrong.test.ts'
  const text = "import { expect, test } from 'vitest'\n\ntest('wrong', () => expect(1).toBe(2))\n"
  await writeFile(join(checkout, file), text)
  await expect(job('check')).rejects.toMatchObject({ stderr: expect.stringContaining(file) })
})
