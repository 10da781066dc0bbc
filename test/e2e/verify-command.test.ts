import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace } from './ingot.ts'
import { type PodmanPlace, podmanPlace } from './podman-place.ts'

let place: Workplace
let podman: PodmanPlace
let built: Report

beforeAll(async () => {
  podman = await podmanPlace()
  place = await newWorkplace()
  Object.assign(place.environment, {
    CONTAINERS_CONF: podman.environment['CONTAINERS_CONF'],
    CONTAINERS_STORAGE_CONF: podman.environment['CONTAINERS_STORAGE_CONF'],
  })
  const build = await ingot(['build', demoRecipe, '--no-verify', '--json'], place)
  expect(build.code, build.stderr).toBe(0)
  built = JSON.parse(build.stdout)[0]
})

afterAll(async () => {
  await podman.close()
  await rm(place.folder, { recursive: true, force: true })
})

test('the real image passes under the hostile profile in Podman, and every form of the report is written', async () => {
  expect(built.verdict).toBe('not booted')
  const folder = join(place.folder, 'reports')
  const verified = await ingot(
    [
      'verify',
      'smollm2-135m-llama-cpp',
      '--runner',
      'podman',
      '--memory',
      '2GiB',
      '--report',
      folder,
      '--json',
    ],
    place,
  )
  expect(verified.code, verified.stdout + verified.stderr).toBe(0)
  const report: Report = JSON.parse(verified.stdout)
  expect(report).toMatchObject({ verdict: 'verified', image: built.image, plan: built.plan })
  expect(report.boots.map(({ runner, identity }) => [runner, identity.gid])).toEqual([
    ['podman', 0],
    ['podman', 54321],
  ])
  for (const boot of report.boots) {
    expect(boot.checks.filter((check) => check.status !== 'passed')).toEqual([])
    expect(boot.machine?.runner).toBe('podman')
    expect(boot.measured.tokensPerSecond).toBeGreaterThan(0)
    expect(boot.peakMemoryBytes).toBeGreaterThan(100_000_000)
    expect(boot.answers[0]?.answer.toLowerCase()).toContain('paris')
  }
  expect((await readdir(folder)).toSorted()).toEqual([
    'report.html',
    'report.json',
    'report.md',
    'report.xml',
  ])
  expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toEqual(report)
  expect(await podman.podman('ps', '--all', '--quiet')).toBe('')
  expect(await podman.podman('images', '--quiet')).toBe('')
})

test('verifying a part of the plan leaves the stored report as it is', async () => {
  const again = await ingot(['verify', built.image, '--runner', 'podman', '--profile', 'plain'], place)
  expect(again.code, again.stdout + again.stderr).toBe(0)
  expect(again.stderr).toContain('this boot shows less than the stored report, which stays as it is')
  expect(again.stdout).toContain('plain boot as 10001:0 in podman: ready after')
  const known = await ingot(['build', demoRecipe, '--json'], place)
  expect(JSON.parse(known.stdout)[0].boots.map((boot: { profile: string }) => boot.profile)).toEqual([
    'hostile',
    'hostile',
  ])
})

test.each([
  [['verify'], 2, 'an argument is missing'],
  [['verify', 'nothing'], 1, 'the store has no such name or digest'],
  [['verify', 'x', '--runner', 'lxc'], 2, 'there is no runner "lxc"'],
  [['verify', 'x', '--gpus', 'all'], 2, '--gpus and --memory need --runner docker or podman'],
  [['verify', 'x', '--runner', 'docker', '--gpus', 'some'], 2, 'neither all, nor a number, nor indexes'],
  [['verify', 'x', '--profile', 'soft'], 2, 'there is no profile "soft"'],
])('ingot %j ends with %d and says why', async (args, code, words) => {
  const run = await ingot(args, place)
  expect(run.stderr).toContain(words)
  expect(run.code).toBe(code)
})

test('asking for GPUs where there are none ends with 3 before anything is booted', async () => {
  const run = await ingot(['verify', built.image, '--runner', 'podman', '--gpus', 'all'], place)
  expect(run.stderr).toContain('nvidia-smi shows no GPU here')
  expect(run.stderr).not.toContain('boot as')
  expect(run.code).toBe(3)
})
