import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'

const root = resolve(import.meta.dirname, '../..')

interface Step {
  id?: string
  run?: string
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
  const { checkout } = job
  const workflow = parse(await readFile(join(root, '.github/workflows', job.workflow), 'utf8'))
  // Our own files; actionlint checks their shape.
  const steps: Step[] = workflow.jobs[job.job].steps
  const known = { ...job.known }
  const filled = (text: string) =>
    text
      .replaceAll(/\$\{\{ ([\w.-]+) \}\}/g, (_, name: string) => known[name] ?? `unknown ${name}`)
      .replaceAll('ghcr.io', job.registry)
  for (const { id, run, env = {} } of steps) {
    if (run === undefined || /\/(tools|scanners)\.sh/.test(run)) continue
    if (checkout === undefined && run.includes('/install.sh')) continue
    const output = join(job.folder, `output-${id ?? 'none'}`)
    await writeFile(output, '')
    const given = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, filled(value)]))
    await promisify(execFile)('sh', ['-c', run.replace('.github/', `${checkout ?? root}/.github/`)], {
      cwd: job.folder,
      env: { ...job.environment, ...given, GITHUB_OUTPUT: output },
      maxBuffer: 1 << 26,
    })
    for (const line of (await readFile(output, 'utf8')).trim().split('\n'))
      known[`steps.${id}.outputs.${line.split('=')[0]}`] = line.slice(line.indexOf('=') + 1)
  }
  return known
}
