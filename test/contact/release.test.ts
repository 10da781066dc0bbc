import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { keepLoadReport } from '../../pipelines/load/load-record.ts'
import { basicLogin } from '../../pipelines/network/login.ts'
import { loadReportOf } from '../images/load/sample.ts'
import { builtSample, publishSample } from '../pipelines/outgoing/sample.ts'
import { type DebianRegistry, startRegistry } from '../pipelines/publish/debian-registry.ts'
import { openPlace, type Place } from '../pipelines/publish/place.ts'
import { recordedSyft } from '../pipelines/sbom/recorded.ts'
import { toolPath } from '../tools/find.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const password = 'sesame-0451'
let place: Place
let registry: DebianRegistry
let home: string
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  place = await openPlace()
  registry = await startRegistry({ password })
  home = await mkdtemp(join(tmpdir(), 'ingot-release-'))
  const bin = join(home, 'bin')
  await mkdir(bin)
  for (const name of ['crane', 'regctl', 'cosign', 'jq'] as const)
    await symlink(toolPath(name), join(bin, name))
  environment = { PATH: `${bin}:${process.env['PATH']}`, HOME: home, COSIGN_PASSWORD: 'of the key' }
  await run('cosign', ['generate-key-pair'], { cwd: home, env: environment })
  await run('regctl', ['registry', 'set', registry.host, '--tls', 'disabled', '--skip-check'], {
    env: environment,
  })
})

afterAll(async () => {
  await Promise.all([place.close(), registry.close()])
  await rm(home, { recursive: true })
})

interface Step {
  run?: string
  env?: Record<string, string>
  id?: string
}

/** Runs the steps of release.yml after the installation, as Actions would, with these inputs; gives their outputs. */
async function release(inputs: {
  name: string
  candidate: string
  tags: string
  benched?: string
}): Promise<Record<string, string>> {
  const workflow = parse(await readFile(join(root, '.github/workflows/release.yml'), 'utf8'))
  const steps: Step[] = workflow.jobs.release.steps
  const known: Record<string, string> = {
    'github.actor': 'robot',
    'github.repository': 'Acme/LLM',
    'secrets.GITHUB_TOKEN': password,
    'inputs.benched': 'true',
    ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`inputs.${name}`, value])),
  }
  const filled = (text: string) =>
    text
      .replaceAll(/\$\{\{ ([\w.-]+) \}\}/g, (_, name: string) => known[name] ?? `unknown ${name}`)
      .replaceAll('ghcr.io', registry.host)
  for (const [index, step] of steps.entries()) {
    if (step.run === undefined || step.run.includes('tools.sh')) continue
    const output = join(home, `output-${index}`)
    await writeFile(output, '')
    const given = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, value]) => [name, filled(value)]),
    )
    const env = { ...environment, ...given, GITHUB_OUTPUT: output, COSIGN_KEY: join(home, 'cosign.key') }
    await run('sh', ['-c', step.run.replace('.github/', `${root}/.github/`)], {
      cwd: home,
      env,
      maxBuffer: 1 << 26,
    })
    for (const line of (await readFile(output, 'utf8')).trim().split('\n'))
      known[`steps.${step.id}.outputs.${line.split('=')[0]}`] = line.slice(line.indexOf('=') + 1)
  }
  return known
}

/** Published with what the bench last said of it, where something is said. */
async function candidate(isVerified: boolean, name: string, limits?: string[]): Promise<string> {
  const built = await builtSample(place.store)
  const { image } = built.report
  await rm(join(place.store.root, 'ingot/bench'), { recursive: true, force: true })
  if (limits !== undefined) await keepLoadReport(place.store, loadReportOf({ limits, change: { image } }))
  if (!isVerified) built.report.verdict = 'failed'
  const { digest } = await publishSample({
    store: place.store,
    built: [built],
    to: `${registry.host}/acme/llm/${name}`,
    tags: ['candidate-abc'],
    login: basicLogin('robot', password, 'a test'),
    environment: { ...environment, INGOT_SYFT: await recordedSyft(home) },
  })
  return digest
}

async function cosign(...args: string[]): Promise<string> {
  const key = ['--key', join(home, 'cosign.pub'), '--insecure-ignore-tlog=true']
  const [act = '', ...rest] = args
  return (await run('cosign', [act, ...key, ...rest], { env: environment, maxBuffer: 1 << 26 })).stdout
}

const kept = ['ttft p99 <= 800s at 4 users']

test('a release signs the candidate, attests what was published beside it, and sets tags by its digest', async () => {
  const digest = await candidate(true, 'sample', kept)
  const known = await release({ name: 'sample', candidate: 'candidate-abc', tags: '1.0 stable' })
  expect(known['steps.candidate.outputs.digest']).toBe(digest)
  const image = `${registry.host}/acme/llm/sample`
  for (const tag of ['1.0', 'stable']) {
    expect((await run('crane', ['digest', `${image}:${tag}`], { env: environment })).stdout.trim()).toBe(
      digest,
    )
    await cosign('verify', `${image}:${tag}`)
  }
  for (const type of [
    'slsaprovenance1',
    'spdxjson',
    'cyclonedx',
    'https://in-toto.io/attestation/test-result/v0.1',
    'urn:dev.ingot:report',
    'urn:dev.ingot:bench',
  ]) {
    const { payload } = JSON.parse(await cosign('verify-attestation', '--type', type, `${image}@${digest}`))
    const { subject, predicate } = JSON.parse(Buffer.from(payload, 'base64').toString('utf8'))
    expect(subject[0].digest.sha256, type).toBe(digest.slice('sha256:'.length))
    if (type === 'slsaprovenance1')
      expect(predicate.runDetails.metadata.ingot_publishedUnverified).toBe(false)
  }
  expect((await readdir(join(home, 'predicates'))).sort()).toEqual([
    'bench.json',
    'cyclonedx.json',
    'provenance.json',
    'report.json',
    'spdx.json',
    'test-result.json',
  ])
})

test('a candidate that did not pass is neither signed nor tagged', async () => {
  const digest = await candidate(false, 'failed')
  await rm(join(home, 'predicates'), { recursive: true, force: true })
  await expect(release({ name: 'failed', candidate: 'candidate-abc', tags: '2.0' })).rejects.toMatchObject({
    stderr: expect.stringContaining('it did not pass its boot'),
  })
  const image = `${registry.host}/acme/llm/failed`
  await expect(run('crane', ['digest', `${image}:2.0`], { env: environment })).rejects.toMatchObject({
    code: 1,
  })
  await expect(cosign('verify', `${image}@${digest}`)).rejects.toMatchObject({
    stderr: expect.stringMatching(/no signatures found/),
  })
})

test.each([
  ['was not on the bench', undefined, 'it was not on the bench'],
  ['was slower than its limits', ['ttft p99 <= 1ms at 4 users'], 'a limit was not kept on the bench'],
  ['had no limits', [], 'it had no limits on the bench'],
])('a candidate that %s is released only by those who do not ask', async (words, limits, found) => {
  const name = words.replaceAll(' ', '-')
  const digest = await candidate(true, name, limits)
  await rm(join(home, 'predicates'), { recursive: true, force: true })
  const asked = { name, candidate: 'candidate-abc', tags: '3.0' }
  await expect(release(asked)).rejects.toMatchObject({ stderr: expect.stringContaining(found) })
  const tag = `${registry.host}/acme/llm/${name}:3.0`
  await expect(run('crane', ['digest', tag], { env: environment })).rejects.toMatchObject({ code: 1 })
  await release({ ...asked, benched: 'false' })
  expect((await run('crane', ['digest', tag], { env: environment })).stdout.trim()).toBe(digest)
})

test('what was published beside another image is not attested of this one', async () => {
  await candidate(true, 'mine')
  const predicates = join(home, 'predicates-of-none')
  const env = {
    ...environment,
    INGOT_REPOSITORY: `${registry.host}/acme/llm/mine`,
    INGOT_DIGEST: `sha256:${'0'.repeat(64)}`,
    INGOT_PREDICATES: predicates,
  }
  const script = join(root, '.github/scripts/predicates.sh')
  await expect(run('sh', [script], { env })).rejects.toMatchObject({
    stderr: expect.stringContaining('it has no provenance'),
  })
})
