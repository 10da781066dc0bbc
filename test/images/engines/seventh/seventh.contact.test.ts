import { type ExecFileException, execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../../../..')
const overlay = join(import.meta.dirname, 'files')
const own = ['images/engines/echo/', 'test/images/engines/echo/']

/** A copy of the product and its tests, with "Add an engine" of CONTRIBUTING.md done by a program. */
let copy = ''

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'ingot-seventh-'))
  for (const name of ['lib', 'recipes', 'images', 'pipelines', 'test', 'docs', 'package.json', 'README.md'])
    await cp(join(root, name), join(copy, name), { recursive: true, filter: isNotThis })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  await writeFile(join(copy, 'tsconfig.json'), await typesOfCopy())
  await writeFile(join(copy, 'vitest.config.ts'), 'export default { test: { name: "copy" } }\n')
  await cp(overlay, copy, { recursive: true })
  await edit('recipes/engine-ids.ts', /,?\s*\] as const/, ", 'echo'] as const")
  await edit(
    'images/engines/engines.ts',
    /(import \{ llamaCpp \}.*\n)/,
    "import { echo } from './echo/definition.ts'\n$1",
  )
  await edit('images/engines/engines.ts', /('llama-cpp': llamaCpp,\n)/, '$1  echo,\n')
}, 60_000)

afterAll(() => rm(copy, { recursive: true, force: true }))

function isNotThis(path: string): boolean {
  return path !== import.meta.dirname
}

async function typesOfCopy(): Promise<string> {
  const { compilerOptions } = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8'))
  const include = ['lib', 'recipes', 'images', 'pipelines', 'test/images/engines']
  return JSON.stringify({ compilerOptions, include })
}

async function edit(file: string, pattern: RegExp, text: string): Promise<void> {
  const before = await readFile(join(copy, file), 'utf8')
  const after = before.replace(pattern, text)
  expect(after, `nothing of ${file} matches ${pattern}`).not.toBe(before)
  await writeFile(join(copy, file), after)
}

/** Runs a program of the copy; its output where it ends with 0, and an error with the output where it does not. */
function run(program: string, ...options: string[]): Promise<string> {
  const environment = {
    PATH: process.env['PATH'],
    HOME: copy,
    ECHO_SERVER: join(import.meta.dirname, 'server.ts'),
  }
  return new Promise((done, fail) => {
    execFile(
      process.execPath,
      [join(copy, program), ...options],
      { cwd: copy, env: environment, maxBuffer: 1 << 26 },
      (error: ExecFileException | null, stdout, stderr) =>
        error === null ? done(stdout) : fail(new Error(`${error.message}\n${stdout}${stderr}`)),
    )
  })
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}

interface Report {
  testResults: { assertionResults: { fullName: string; status: string }[] }[]
}

describe('a seventh engine', { timeout: 300_000 }, () => {
  test('touches three files outside of its folders', async () => {
    const touched: string[] = []
    for (const folder of ['lib', 'recipes', 'images', 'pipelines', 'test', 'docs'])
      for (const name of await filesIn(join(copy, folder))) {
        const file = join(folder, name)
        const before = await readFile(join(root, file)).catch(() => null)
        if (before === null || !before.equals(await readFile(join(copy, file)))) touched.push(file)
      }
    const outside = touched.filter((file) => !own.some((folder) => file.startsWith(folder)))
    expect(outside.sort()).toEqual([
      'images/engines/engines.ts',
      'recipes/engine-ids.ts',
      'recipes/smollm2-135m-echo.yaml',
    ])
  })

  test('has the right types everywhere', async () => {
    expect(await run('node_modules/typescript/bin/tsc', '--noEmit')).toBe('')
  })

  test('passes the contract, its folder and its server are as they must be', async () => {
    const files = [
      'images/engines/contract.test.ts',
      'images/engines/contract-behaviour.test.ts',
      'images/engines/folders.test.ts',
      'images/engines/echo/server.contact.test.ts',
      'images/plan/judge-recipe.test.ts',
    ].map((name) => `test/${name}`)
    await run(
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      '--outputFile=report.json',
      ...files,
    )
    const report: Report = JSON.parse(await readFile(join(copy, 'report.json'), 'utf8'))
    const results = report.testResults.flatMap(({ assertionResults }) => assertionResults)
    const ofEcho = results.filter(({ fullName }) => fullName.startsWith('echo '))
    expect(ofEcho.length).toBeGreaterThan(25)
    expect(results.filter(({ status }) => status !== 'passed')).toEqual([])
    expect(results.map(({ fullName }) => fullName)).toContain(
      'the server passes every probe of its definition and ends with 0',
    )
  })

  test('is known to the commands, by id and nickname, and to the generated docs', async () => {
    expect(await run('pipelines/cli.ts', 'list', '--json')).toContain('"echo"')
    expect(await run('pipelines/cli.ts', 'check', 'recipes/smollm2-135m-echo.yaml')).toContain('is valid')
    expect(await run('pipelines/cli.ts', 'memory', '--help')).toMatch(/whisper-cpp\s+or echo/)
    await writeFile(join(copy, 'config.json'), JSON.stringify(model))
    const asked = ['--config', 'config.json', '--weights-bytes', '1GiB', '--gpu', 'l4', '--engine', 'Parrot']
    const plan = JSON.parse(await run('pipelines/cli.ts', 'memory', ...asked, '--json'))
    expect(plan).toMatchObject({ outcome: 'planned', engine: 'echo', fits: true })
    await run('docs/generate.ts')
    expect(await readFile(join(copy, 'docs/recipe.md'), 'utf8')).toMatch(
      /`engine.id` .*`whisper-cpp`, `echo`/,
    )
  })
})

const model = {
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  vocab_size: 49152,
  max_position_embeddings: 2048,
}
