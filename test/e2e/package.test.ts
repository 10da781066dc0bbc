import { execFile } from 'node:child_process'
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoRecipe } from './ingot.ts'

// The tarball of `npm pack` in an empty project of a user who has nothing: an empty home, and whatever Node the machine has.

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
let folder: string
let project: string
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-package-'))
  project = join(folder, 'project')
  environment = userEnvironment(join(folder, 'home'))
  await mkdir(project)
  await mkdir(join(folder, 'home'))
  await run('npm', ['pack', '--pack-destination', folder], { cwd: root })
  const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'))
  await writeFile(join(project, 'package.json'), '{ "private": true }')
  await run('npm', ['install', join(folder, tarball)], { cwd: project, env: environment })
  await copyFile(demoRecipe, join(project, 'demo.yaml'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** Ours without npm's own variables and without the programs of this checkout, its Node among them. */
function userEnvironment(home: string): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|INGOT_|NODE_OPTIONS$|VITEST)/.test(name),
  )
  const path = process.env['PATH']?.split(delimiter).filter((place) => !place.startsWith(root))
  return { ...Object.fromEntries(others), HOME: home, PATH: path?.join(delimiter), CI: 'true' }
}

const npx = (...args: string[]) => run('npx', ['--no-install', 'ingot', ...args], inProject())

function inProject() {
  return { cwd: project, env: environment, maxBuffer: 64e6 }
}

test('the package leaves no trace in the checkout and has neither tests nor lab nor TypeScript', async () => {
  await expect(access(join(root, 'dist'))).rejects.toThrow()
  const installed = await readdir(join(project, 'node_modules/ingot'))
  expect(installed.sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'bin',
    'dist',
    'docs',
    'package.json',
    'recipes',
  ])
  const files = await readdir(join(project, 'node_modules/ingot'), { recursive: true })
  expect(files.filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))).toEqual([])
})

test('what needs no engine runs there', async () => {
  expect((await npx('list')).stdout).toContain('engines: vllm, tgi')
  expect((await npx('check', 'demo.yaml')).stdout).toContain('valid')
  expect((await npx('doctor')).stdout).toMatch(/^ok {7}where a Dagger engine comes from: /m)
  const model = { architectures: ['LlamaForCausalLM'], model_type: 'llama', torch_dtype: 'bfloat16' }
  const sizes = { hidden_size: 2048, intermediate_size: 8192, num_hidden_layers: 16, num_attention_heads: 32 }
  const more = { num_key_value_heads: 8, vocab_size: 128_256, max_position_embeddings: 8192 }
  await mkdir(join(project, 'model'))
  await writeFile(join(project, 'model/config.json'), JSON.stringify({ ...model, ...sizes, ...more }))
  const { stdout } = await npx('memory', 'model', '--gpu', 'L4', '--engine', 'vllm', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ verdict: expect.anything() })
})

// Where Docker runs the engine, the SDK has fetched its command line for the build before.
const daggerProgram = () =>
  environment['_EXPERIMENTAL_DAGGER_CLI_BIN'] ?? join(folder, 'home/.cache/dagger/dagger-0.21.8')

const digestOf = (stdout: string) => stdout.trimEnd().split('\n').at(-1)

test('a build there and one inside `dagger run` boot the same digest', async () => {
  const plain = await npx('build', 'demo.yaml')
  expect(plain.stdout).toMatch(/^verified: \d+ checks passed, 0 failed/m)
  expect(digestOf(plain.stdout)).toMatch(/^sha256:[0-9a-f]{64}$/)
  const { stdout: plan } = await npx('plan', 'demo.yaml', '--json')
  expect(JSON.parse(plan)).toMatchObject({ name: 'smollm2-135m-llama-cpp' })
  await rm(join(folder, 'home/.local/share/ingot/store'), { recursive: true })
  const line = ['run', 'npx', '--no-install', 'ingot', 'build', 'demo.yaml']
  const within = await run(daggerProgram(), line, inProject())
  expect(within.stdout).toMatch(/^verified: \d+ checks passed, 0 failed/m)
  expect(digestOf(within.stdout)).toBe(digestOf(plain.stdout))
})

test('the module of Dagger builds the same digest, with reports, lock and bundle to take out', async () => {
  const recipes = join(folder, 'recipes')
  await mkdir(recipes)
  await copyFile(demoRecipe, join(recipes, 'demo.yaml'))
  const call = ['-m', root, 'call', '--installed', project, '--base', 'debian:forky-slim']
  const build = [...call, 'build', '--folder', recipes, '--recipe', 'demo.yaml']
  const { stdout } = await run(daggerProgram(), [...build, 'digest'], inProject())
  expect(stdout).toBe(digestOf((await npx('build', 'demo.yaml')).stdout))
  const out = join(folder, 'out')
  for (const part of ['reports', 'locks', 'bundle'])
    await run(daggerProgram(), [...build, part, 'export', '--path', join(out, part)], inProject())
  const report = await readFile(join(out, 'reports/smollm2-135m-llama-cpp/report.json'), 'utf8')
  expect(JSON.parse(report)).toMatchObject({ image: stdout, verdict: 'verified' })
  expect(await readdir(join(out, 'locks'))).toEqual(['demo.lock.json'])
  expect(await readFile(join(out, 'bundle/IMAGES'), 'utf8')).toContain(stdout)
})
