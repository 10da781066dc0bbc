import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

const program = resolve(import.meta.dirname, '../../../bin/ingot')

let folder: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'ingot-store-folder-')))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** The place that a command uses is told by what it says of a file that is there instead of a store. */
async function said(inTheWay: string, variables: Record<string, string>): Promise<string> {
  const file = join(folder, inTheWay)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, '')
  const env = { PATH: process.env['PATH'], HOME: join(folder, 'home'), ...variables }
  const found = await promisify(execFile)(program, ['list'], { cwd: folder, env }).catch((error) => error)
  return found.stderr
}

test.each([
  ['home/.local/share/ingot/store', {}],
  ['data/ingot/store', { XDG_DATA_HOME: 'data' }],
  ['.ingot/store', {}],
  ['.ingot/store', { XDG_DATA_HOME: 'data' }],
  ['other', { INGOT_STORE: 'other' }],
])('the store is %s with %j', async (place, variables: Record<string, string>) => {
  const absolute = Object.fromEntries(Object.entries(variables).map(([name, at]) => [name, join(folder, at)]))
  expect(await said(place, absolute)).toContain(join(folder, place))
})
