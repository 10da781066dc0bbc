import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { labSettings, registryAddress } from '../../lab/settings.ts'
import { serveStore } from '../../pipelines/registry-server/server.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { type Advisory, grypeDatabase } from '../pipelines/vulnerabilities/database.ts'
import { toolPath } from '../tools/find.ts'
import { grypeMatches } from './grype-matches.ts'

// The slim image of llama.cpp on Debian, with a vulnerability in every package that its list names. What is there of each
// is counted here by Debian's own lists of the base image and by crane's export of ours, and not by ingot.

let place: Workplace
let report: Report
let exported: Set<string>
let owned: Map<string, string[]>
let database: { folder: string }

beforeAll(async () => {
  place = await newWorkplace()
  const built = await ingot(['build', demoRecipe, '--no-verify', '--json'], place)
  expect(built.code, built.stderr).toBe(0)
  report = JSON.parse(built.stdout)[0]
  owned = await ownedBy(`${registryAddress(labSettings())}/library/debian:forky-slim`)
  exported = new Set(await served(async (image) => pathsIn(image)))
  database = await grypeDatabase(place.folder, { built: new Date(), advisories: advisoriesFor(owned.keys()) })
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

/** Of the base, and of two that llama.cpp brings. */
function advisoriesFor(names: Iterable<string>): Advisory[] {
  return [...new Set([...names, 'libggml0', 'libssl3t64'])].map((name, index) => ({
    ...{ id: `CVE-2026-${10_000 + index}`, severity: 'high', ecosystem: 'deb', constraint: '< 999:0' },
    package: name,
  }))
}

async function served<Value>(
  use: (image: string) => Promise<Value>,
  { name, image: digest }: Pick<Report, 'name' | 'image'> = report,
): Promise<Value> {
  const store = await openStore(place.store)
  const registry = await serveStore(store, {})
  try {
    return await use(`127.0.0.1:${registry.port}/${name}@${digest}`)
  } finally {
    await registry.close()
    await closeStore(store)
  }
}

/** Runs a command on the tar that crane makes of an image. */
async function fromExport(image: string, command: string): Promise<string> {
  const script = `'${toolPath('crane')}' export --insecure '${image}' - | ${command}`
  const { stdout } = await promisify(execFile)('bash', ['-ceuo', 'pipefail', script], { maxBuffer: 1 << 28 })
  return stdout
}

async function pathsIn(image: string): Promise<string[]> {
  const listed = await fromExport(image, 'tar --list --verbose')
  return listed.split('\n').flatMap((line) => {
    const name = /^[^d]\S* +\S+ +\S+ +\S+ +\S+ (.+?)(?: -> .*| link to .*)?$/.exec(line)?.[1]
    return name === undefined ? [] : [`/${name.replace(/^\.?\//, '')}`]
  })
}

/** Code and data of each package, by dpkg's lists: neither folders nor documentation. */
async function ownedBy(image: string): Promise<Map<string, string[]>> {
  const files = new Set(await pathsIn(image))
  const lists = await fromExport(
    image,
    `tar --extract --to-command='sed "s|^|$(basename "$TAR_FILENAME" .list)\\t|"' --wildcards 'var/lib/dpkg/info/*.list'`,
  )
  const found = new Map<string, string[]>()
  for (const line of lists.split('\n')) {
    const [name = '', path = ''] = line.split('\t')
    const real = path.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/')
    if (!files.has(real) || /^\/usr\/share\/(doc|man|locale|lintian|bug|info)\//.test(real)) continue
    const owner = name.replace(/:.*/, '')
    found.set(owner, [...(found.get(owner) ?? []), real])
  }
  return found
}

test('with the document of ingot grype reports a package of the base exactly where a file of it is there', async () => {
  const document = await ingot(
    ['vulnerabilities', demoRecipe, '--database', database.folder, '--format', 'openvex'],
    { ...place, environment: { ...place.environment, INGOT_GRYPE: toolPath('grype') } },
  )
  expect(document.code, document.stderr).toBe(0)
  const file = join(place.folder, 'vex.json')
  await writeFile(file, document.stdout)
  const { plain, told } = await served(async (image) => ({
    plain: await grypeMatches(`registry:${image}`, database.folder),
    told: await grypeMatches(`registry:${image}`, database.folder, '--vex', file),
  }))
  const names = (found: readonly string[]) => found.map((one) => one.split(' ')[1] ?? '')
  const ofBase = (found: readonly string[]) => names(found).filter((name) => owned.has(name))
  const isThere = (name: string) => (owned.get(name) ?? []).some((path) => exported.has(path))
  process.stderr.write(
    `${plain.reported.length} findings without the document, ${told.reported.length} with it: ${names(told.reported).join(', ')}\n`,
  )
  expect(plain.reported.length).toBeGreaterThan(50)
  expect(ofBase(told.reported).filter((name) => !isThere(name))).toEqual([])
  expect(ofBase(told.ignored).filter(isThere)).toEqual([])
  expect(names(told.reported)).toEqual(expect.arrayContaining(['libc6', 'libggml0']))
  expect(names(told.ignored)).toEqual(expect.arrayContaining(['perl-base', 'bash', 'apt']))
})

test('what is there fails a limit of the command line', async () => {
  const place2 = { ...place, environment: { ...place.environment, INGOT_GRYPE: toolPath('grype') } }
  const done = await ingot(
    ['vulnerabilities', demoRecipe, '--database', database.folder, '--limit', 'high'],
    place2,
  )
  expect(done.code, done.stderr).toBe(1)
  expect(done.stdout).toContain('reach the limit high')
})

test('an image whose list of packages is told needs no document, and starts nothing less', async () => {
  const demo = await readFile(demoRecipe, 'utf8')
  const text = demo.replace('image:\n', 'image:\n  packageList: told\n')
  const recipe = await writeRecipe(place, 'smollm2-135m-llama-cpp', text)
  const built = await ingot(['build', recipe, '--json'], place)
  expect(built.code, `${built.stderr}\n${built.stdout.slice(-2000)}`).toBe(0)
  const [told]: Report[] = JSON.parse(built.stdout)
  if (told === undefined) throw new Error('no report')
  expect(told.image).not.toBe(report.image)
  const { reported } = await served((image) => grypeMatches(`registry:${image}`, database.folder), told)
  const found = reported.map((one) => one.split(' ')[1] ?? '')
  expect(found).toEqual(expect.arrayContaining(['libc6', 'libggml0']))
  expect(
    found.filter((name) => !(owned.get(name) ?? ['/etc/os-release']).some((path) => exported.has(path))),
  ).toEqual([])
})
