import { execFile } from 'node:child_process'
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { toolPath } from '../tools/find.ts'
import { recipesRepository } from './repository.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const folder = join(root, '.github/workflows')
const workflows = readdirSync(folder).filter((name) => name.endsWith('.yml'))
const starters = readdirSync(join(root, 'docs/starter')).map((name) => join(root, 'docs/starter', name))
const scripts = readdirSync(join(root, '.github/scripts')).filter((name) => name.endsWith('.sh'))

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
  env?: Record<string, string>
}

interface Job {
  permissions?: Record<string, string>
  'timeout-minutes'?: number
  'runs-on': string | string[]
  steps: Step[]
}

interface Workflow {
  on: Record<string, unknown>
  permissions: object
  jobs: Record<string, Job>
}

function workflowOf(name: string): { text: string; workflow: Workflow } {
  const text = readFileSync(join(folder, name), 'utf8')
  // Our own files; actionlint checks their shape.
  return { text, workflow: parse(text) as Workflow }
}

const actions = ['action.yml', '.github/actions/update/action.yml']

function textOf(name: string): string {
  return actions.includes(name) ? readFileSync(join(root, name), 'utf8') : workflowOf(name).text
}

function stepsOf(name: string): Step[] {
  if (actions.includes(name)) return parse(textOf(name)).runs.steps
  return Object.values(workflowOf(name).workflow.jobs).flatMap((job) => job.steps)
}

const everywhere = [...workflows, ...actions]

test('the workflows that are documented are there', () => {
  expect(workflows.sort()).toEqual(['check.yml', 'gpu.yml', 'images.yml', 'package.yml', 'release.yml'])
})

test('actionlint finds nothing, and does find what is wrong', async () => {
  const actionlint = toolPath('actionlint')
  const options = ['-config-file', join(root, '.github/actionlint.yaml')]
  const { stdout } = await run(actionlint, [
    ...options,
    ...workflows.map((name) => join(folder, name)),
    ...starters,
  ])
  expect(stdout).toBe('')
  const scratch = await mkdtemp(join(tmpdir(), 'ingot-actionlint-'))
  const wrong = join(scratch, 'wrong.yml')
  await writeFile(wrong, workflowOf('check.yml').text.replace('runs-on:', 'runs-in:'))
  await expect(run(actionlint, [...options, wrong])).rejects.toMatchObject({ code: 1 })
  await rm(scratch, { recursive: true })
}, 60_000)

test.each(everywhere)('%s: actions are pinned by commit, with their version beside it', (name) => {
  const text = textOf(name)
  const used = text.split('\n').filter((line) => /\buses:/.test(line))
  expect(used.length).toBeGreaterThan(0)
  for (const line of used) expect(line).toMatch(/uses: [\w-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
})

test.each(everywhere)('%s: every step is a script that runs locally, without an expression in it', (name) => {
  for (const step of stepsOf(name).filter((item) => item.run !== undefined)) {
    const match =
      /^sh "?(?:(?:\$GITHUB_ACTION_PATH\/)?\.github|\$GITHUB_ACTION_PATH\/\.\.\/\.\.)\/scripts\/([\w-]+\.sh)"?( production)?$/.exec(
        step.run ?? '',
      )
    expect(match, step.run).not.toBeNull()
    expect(scripts).toContain(match?.[1])
  }
})

test.each(everywhere)('%s: a secret is only ever an environment variable of one step', (name) => {
  const text = textOf(name)
  for (const line of text
    .split('\n')
    .filter((item) => /secrets\.|inputs\.(password|token|hf-token)/.test(item)))
    expect(line).toMatch(/^ +(INGOT_PASSWORD|HF_TOKEN): \$\{\{ [\w.-]+ \}\}$/)
  expect(text).not.toMatch(/pull_request_target/)
})

/** What a job may write; every other job only reads. */
const rights: Record<string, string[]> = {
  'images.yml candidate': ['packages'],
  'gpu.yml attest': ['packages', 'id-token'],
  'release.yml release': ['packages', 'id-token'],
  'package.yml release': ['contents', 'id-token', 'attestations'],
}

test.each(workflows)('%s: no right by default, few by job, an end to every job', (name) => {
  const { workflow } = workflowOf(name)
  expect(workflow.permissions).toEqual({})
  for (const [id, job] of Object.entries(workflow.jobs)) {
    expect(job['timeout-minutes'], id).toBeGreaterThan(0)
    const { contents, ...others } = job.permissions ?? {}
    const allowed = rights[`${name} ${id}`] ?? []
    expect(contents, id).toBe(allowed.includes('contents') ? 'write' : 'read')
    const writes = Object.entries(others).flatMap(([right, level]) => (level === 'write' ? [right] : []))
    expect(writes, id).toEqual(allowed.filter((right) => right !== 'contents'))
    for (const step of job.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')))
      expect(step.with?.['persist-credentials'], id).toBe(false)
  }
})

test('a job that may write a release or sign runs no code of a dependency', () => {
  for (const name of workflows)
    for (const [id, job] of Object.entries(workflowOf(name).workflow.jobs))
      if ((rights[`${name} ${id}`] ?? []).includes('id-token'))
        for (const { run: script } of job.steps)
          expect(script ?? '', `${name} ${id}`).not.toMatch(/install\.sh/)
})

test('pull requests reach neither a secret nor a machine of ours', () => {
  for (const name of workflows) {
    const { workflow } = workflowOf(name)
    if (!('pull_request' in workflow.on)) continue
    for (const [id, job] of Object.entries(workflow.jobs)) {
      expect(job['runs-on'], `${name} ${id}`).toMatch(/^ubuntu-/)
      if (id !== 'candidate') expect(JSON.stringify(job)).not.toContain('secrets.')
    }
  }
})

test.each(scripts)(
  '%s: a POSIX shell reads it; it stops at the first failure and takes no secret as an argument',
  async (name) => {
    const path = join(root, '.github/scripts', name)
    await run('sh', ['-n', path])
    accessSync(path, constants.X_OK)
    const text = readFileSync(path, 'utf8')
    expect(text).toMatch(/^#!\/bin\/sh\n# [\s\S]*?\nset -eu\n/)
    for (const line of text.split('\n').filter((item) => item.includes('$INGOT_PASSWORD')))
      expect(line).toMatch(/^ *printf %s "\$INGOT_PASSWORD" \|/)
  },
)

test('the matrix has the recipes of each device, and after a change only what it touches', async () => {
  const repository = await mkdtemp(join(tmpdir(), 'ingot-matrix-'))
  onTestFinished(() => rm(repository, { recursive: true }))
  const names = readdirSync(join(root, 'recipes')).filter((name) => name.endsWith('.yaml'))
  const git = await recipesRepository(
    repository,
    [...names, 'wrapper'].map((name) => join(root, 'recipes', name)),
  )
  // Locks lie beside the recipes on GitHub, and elsewhere in the lab.
  const { INGOT_LOCKS: _, ...own } = process.env
  async function matrix(environment: Record<string, string>): Promise<Record<string, unknown>[]> {
    const { stdout } = await run('sh', [join(root, '.github/scripts/matrix.sh')], {
      cwd: repository,
      env: { ...own, GITHUB_OUTPUT: '', INGOT_STORE: join(repository, '.git/store'), ...environment },
    })
    const [line = ''] = stdout.split('\n')
    expect(line).toMatch(/^matrix=/)
    const { include } = JSON.parse(line.slice('matrix='.length))
    expect(stdout).toContain(`any=${include.length > 0}\n`)
    return include
  }
  const [cpu, gpu] = [await matrix({ INGOT_DEVICE: 'cpu' }), await matrix({ INGOT_DEVICE: 'gpu' })]
  const demo = { recipe: 'recipes/smollm2-135m-llama-cpp.yaml', name: 'smollm2-135m-llama-cpp', limits: true }
  expect(cpu).toContainEqual(demo)
  expect(gpu).toContainEqual(
    expect.objectContaining({
      name: 'llama-3.1-70b-vllm-tp4',
      gpu: expect.any(String),
      count: 4,
      limits: false,
    }),
  )
  expect(cpu.length + gpu.length).toBe(names.length)

  expect(await matrix({ INGOT_BASE: 'HEAD' })).toEqual([])
  await writeFile(join(repository, 'recipes/smollm2-135m-llama-cpp.lock.json'), '{}')
  expect(await matrix({ INGOT_BASE: 'HEAD' })).toEqual([demo])
  expect(await matrix({ INGOT_BASE: 'HEAD', INGOT_DEVICE: 'gpu' })).toEqual([])
  await git('add', '.')
  await git('commit', '-q', '-m', 'lock')
  expect(await matrix({ INGOT_BASE: 'HEAD~1' })).toEqual([demo])
  await writeFile(join(repository, 'package.json'), '{}')
  expect(await matrix({ INGOT_BASE: 'HEAD' })).toEqual(cpu)
  await expect(matrix({ INGOT_BASE: 'no-such' })).rejects.toMatchObject({
    stderr: expect.stringContaining('could not ask git what changed since no-such'),
  })
}, 120_000)
