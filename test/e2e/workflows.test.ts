import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recipesRepository } from '../github/repository.ts'
import { runJob } from '../github/steps.ts'
import { type DebianRegistry, startRegistry } from '../pipelines/publish/debian-registry.ts'
import { recordedSyft } from '../pipelines/sbom/recorded.ts'
import { toolPath } from '../tools/find.ts'
import { demoRecipe, newWorkplace, type Workplace } from './ingot.ts'

// The jobs between a commit and a release, in their order: build and publish a candidate, boot it by digest on another
// machine, attest that boot. `release.test.ts` has the rest. Dagger stands in for a machine with GPUs.

const run = promisify(execFile)
const password = 'sesame-0451'
let builder: Workplace
let booter: Workplace
let registry: DebianRegistry
let environment: NodeJS.ProcessEnv
let image: string

beforeAll(async () => {
  builder = await newWorkplace()
  booter = await newWorkplace()
  registry = await startRegistry({ password })
  const home = join(builder.folder, 'home')
  const bin = join(home, 'bin')
  await mkdir(bin, { recursive: true })
  for (const name of ['crane', 'regctl', 'cosign', 'jq'] as const)
    await symlink(toolPath(name), join(bin, name))
  const { INGOT_STORE: _, ...others } = builder.environment
  environment = {
    ...others,
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: home,
    COSIGN_PASSWORD: 'of the key',
  }
  await run('cosign', ['generate-key-pair'], { cwd: home, env: environment })
  environment['INGOT_SYFT'] = await recordedSyft(home)
  environment['COSIGN_KEY'] = join(home, 'cosign.key')
})

afterAll(async () => {
  await registry.close()
  for (const { folder } of [builder, booter]) await rm(folder, { recursive: true, force: true })
})

const github = {
  'github.actor': 'robot',
  'github.repository': 'Acme/LLM',
  'github.sha': 'abc',
  'secrets.GITHUB_TOKEN': password,
  'secrets.HF_TOKEN': '',
}

function job(workflow: string, name: string, place: Workplace, known: Record<string, string>) {
  return runJob({
    workflow,
    job: name,
    known: { ...github, ...known },
    environment: { ...environment, INGOT_STORE: place.store },
    folder: place.folder,
    registry: registry.host,
  })
}

test('images.yml: what is planned is built, booted and published under its commit', async () => {
  const folder = join(builder.folder, 'repository')
  await recipesRepository(folder, [demoRecipe])
  const pushed = { 'github.event.pull_request.base.sha': '' }
  const known = await job('images.yml', 'plan', { ...builder, folder }, pushed)
  expect(known['steps.matrix.outputs.any']).toBe('true')
  const { include } = JSON.parse(known['steps.matrix.outputs.matrix'] ?? '')
  const name = basename(demoRecipe, '.yaml')
  expect(include).toEqual([{ recipe: `recipes/${name}.yaml`, name, limits: true }])
  const matrix = { 'matrix.recipe': demoRecipe, 'matrix.name': include[0].name, 'matrix.limits': 'true' }
  await job('images.yml', 'candidate', builder, matrix)
  const tag = `${registry.host}/acme/llm/${name}:candidate-abc`
  const script = resolve(import.meta.dirname, '../../.github/scripts/login.sh')
  const login = { INGOT_REGISTRY: registry.host, INGOT_USERNAME: 'robot', INGOT_PASSWORD: password }
  await run('sh', [script], { env: { ...environment, ...login } })
  const { stdout } = await run('crane', ['digest', tag], { env: environment })
  image = `${registry.host}/acme/llm/${name}@${stdout.trim()}`
})

test('gpu.yml: another machine boots it by digest, and what it reports is attested', async () => {
  // A machine where nobody has logged in.
  const { HOME } = environment
  environment = { ...environment, HOME: booter.folder, INGOT_RUNNER: 'dagger', INGOT_GPUS: 'none' }
  const inputs = { 'inputs.recipe': demoRecipe, 'inputs.image': image }
  await job('gpu.yml', 'boot', booter, inputs)
  environment = { ...environment, HOME }
  await job('gpu.yml', 'attest', booter, { 'inputs.image': image })
  const key = ['--key', join(builder.folder, 'home/cosign.pub'), '--insecure-ignore-tlog=true']
  const args = ['verify-attestation', ...key, '--type', 'urn:dev.ingot:report', image]
  const { stdout } = await run('cosign', args, { env: environment, maxBuffer: 1 << 26 })
  const { predicate } = JSON.parse(Buffer.from(JSON.parse(stdout).payload, 'base64').toString('utf8'))
  expect(predicate).toMatchObject({ image: image.split('@')[1], verdict: 'verified' })
})

test.each([
  ['the verdict is failed', { verdict: 'failed' }],
  ['the report is about sha256:0', { image: 'sha256:0' }],
])('nothing is attested when %s', async (words, change) => {
  const path = join(booter.folder, 'ingot-report/report.json')
  const text = await readFile(path, 'utf8')
  await writeFile(path, JSON.stringify({ ...JSON.parse(text), ...change }))
  await expect(job('gpu.yml', 'attest', booter, { 'inputs.image': image })).rejects.toMatchObject({
    stderr: expect.stringContaining(words),
  })
  await writeFile(path, text)
})
