import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'

const root = resolve(import.meta.dirname, '../..')

interface Step {
  id?: string
  run?: string
  if?: string
  env?: Record<string, string>
}

export interface JobRun {
  workflow: string
  job: string
  /** What expressions stand for: `inputs.image`, `secrets.GITHUB_TOKEN`; outputs of steps are added on the way. */
  known: Record<string, string>
  environment: NodeJS.ProcessEnv
  /** Where the checkout would be. */
  folder: string
  /** The registry in GHCR's place. */
  registry: string
  /** A checkout of its own, which its install script fills; without it ours, where everything is installed. */
  checkout?: string
}

/** Runs the scripts of a workflow's job in their order as Actions would, but for those that install programs; gives their outputs. */
export async function runJob(job: JobRun): Promise<Record<string, string>> {
  const workflow = parse(await readFile(join(root, '.github/workflows', job.workflow), 'utf8'))
  return runSteps(workflow.jobs[job.job].steps, job)
}

/** The same for a composite action, with the defaults of its inputs. `known` has `inputs.NAME` for those that are given. */
export async function runAction(file: string, job: Omit<JobRun, 'workflow' | 'job'>) {
  const action = parse(await readFile(join(root, file), 'utf8'))
  const inputs = Object.entries<{ default?: string }>(action.inputs)
  const known = Object.fromEntries(inputs.map(([name, one]) => [`inputs.${name}`, one.default ?? '']))
  const environment = { ...job.environment, GITHUB_ACTION_PATH: dirname(join(root, file)) }
  const steps = await runSteps(action.runs.steps, { ...job, environment, known: { ...known, ...job.known } })
  const outputs = Object.entries<{ value: string }>(action.outputs)
  return Object.fromEntries(outputs.map(([name, { value }]) => [name, filled(value, steps)]))
}

/** Expressions by what is known; a step that asks for an unknown one gets that word. */
function filled(text: string, known: Record<string, string>): string {
  return text.replaceAll(/\$\{\{ ([\w.-]+) \}\}/g, (_, name: string) => known[name] ?? `unknown ${name}`)
}

/** Of conditions those that our actions have: an input or output that is, or is not, a text. */
function isAsked(condition: string | undefined, known: Record<string, string>): boolean {
  if (condition === undefined) return true
  const [, name = '', sign, text] = /^([\w.-]+) (==|!=) '(.*)'$/.exec(condition) ?? []
  if (sign === undefined) throw new Error(`nobody reads the condition ${condition} here`)
  return ((known[name] ?? '') === text) === (sign === '==')
}

// Our own files; actionlint checks the shape of workflows.
async function runSteps(
  steps: Step[],
  job: Omit<JobRun, 'workflow' | 'job'>,
): Promise<Record<string, string>> {
  const { checkout } = job
  const known = { ...job.known }
  for (const { id, run, if: condition, env = {} } of steps) {
    if (run === undefined || /\/(tools|scanners)\.sh/.test(run) || !isAsked(condition, known)) continue
    if (checkout === undefined && run.includes('/install.sh')) continue
    const output = join(job.folder, `output-${id ?? 'none'}`)
    await writeFile(output, '')
    const given = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [
        name,
        filled(value, known).replaceAll('ghcr.io', job.registry),
      ]),
    )
    const command = run.replace(/(?<!\/)\.github\//, `${checkout ?? root}/.github/`)
    await promisify(execFile)('sh', ['-c', command], {
      cwd: job.folder,
      env: { ...job.environment, ...given, GITHUB_OUTPUT: output },
      maxBuffer: 1 << 26,
    })
    for (const line of (await readFile(output, 'utf8')).trim().split('\n'))
      known[`steps.${id}.outputs.${line.split('=')[0]}`] = line.slice(line.indexOf('=') + 1)
  }
  return known
}
