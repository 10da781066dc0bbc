import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

// The script that packs a release, in a copy of the checkout: packing writes `dist/` for a moment, which other tests would see.

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
let copy: string

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'ingot-pack-'))
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 1 << 24,
  })
  for (const file of stdout.split('\0').filter((name) => name !== '' && !name.startsWith('test/'))) {
    await mkdir(dirname(join(copy, file)), { recursive: true })
    await cp(join(root, file), join(copy, file))
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  // A lock that is newer than what is installed would be installed anew.
  await utimes(join(copy, 'package-lock.json'), 1, 1)
})

afterAll(() => rm(copy, { recursive: true, force: true }))

async function versionOf(): Promise<string> {
  return JSON.parse(await readFile(join(copy, 'package.json'), 'utf8')).version
}

function pack(tag: string, folder: string) {
  const env = { ...process.env, INGOT_TAG: tag, INGOT_PACKAGE: folder }
  return run('sh', [join(copy, '.github/scripts/pack.sh')], { cwd: copy, env })
}

test('it packs the tarball with its licence, its sum and its notes, and the same bytes again', async () => {
  const version = await versionOf()
  const first = join(copy, 'first')
  const { stdout } = await pack(`v${version}`, first)
  expect((await readdir(first)).sort()).toEqual(['SHA256SUMS', `ingot-${version}.tgz`, 'notes.md'])
  expect(await readFile(join(first, 'notes.md'), 'utf8')).toMatch(/\S/)
  const { stdout: names } = await run('tar', ['-tf', join(first, `ingot-${version}.tgz`)])
  for (const name of ['LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'bin/ingot', 'dist/pipelines/cli.js'])
    expect(names.split('\n')).toContain(`package/${name}`)
  await run('sha256sum', ['-c', 'SHA256SUMS'], { cwd: first })
  await run('tar', ['-xf', `ingot-${version}.tgz`], { cwd: first })
  const said = await run(join(first, 'package/bin/ingot'), ['version'])
  expect(said.stdout).toBe(`${version}\n`)
  expect((await pack(`v${version}`, join(copy, 'second'))).stdout).toBe(stdout)
}, 120_000)

test('notes are those of the version alone', async () => {
  const version = await versionOf()
  const folder = join(copy, 'notes')
  const sections = `# Changelog\n\n## 99.0.0\n\nlater\n\n## ${version}\n\nthis one\n\n## 0.0.1\n\nearlier\n`
  await writeFile(join(copy, 'CHANGELOG.md'), sections)
  await pack(`v${version}`, folder)
  expect((await readFile(join(folder, 'notes.md'), 'utf8')).trim()).toBe('this one')
}, 120_000)

test.each([
  ['a tag of another version', 'v99.0.0', undefined, 'package.json says'],
  ['a tag without v', undefined, undefined, 'package.json says'],
  [
    'a version that the changelog does not know',
    'own',
    '# Changelog\n\n## 0.0.1\n\nold\n',
    'CHANGELOG.md has nothing',
  ],
])('%s stops before anything is packed', async (_, tag, changelog, said) => {
  const version = await versionOf()
  if (changelog !== undefined) await writeFile(join(copy, 'CHANGELOG.md'), changelog)
  const folder = join(copy, `stopped-${Math.random()}`)
  const named = tag === 'own' ? `v${version}` : (tag ?? version)
  await expect(pack(named, folder)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(said) })
  const left = await readdir(folder).catch(() => [])
  expect(left.filter((name) => name.endsWith('.tgz'))).toEqual([])
})
