import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import type { Report } from '../../images/report/report.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace } from '../e2e/ingot.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')

// npx node lab/run.ts -- node test/bench/beside.ts [--base COMMIT] [--rounds 5]: what a build with nothing to do and a verification of
// the demo cost here and at another commit, in turns over one store; both have the packages of this checkout.
const { values } = parseArgs({
  options: {
    base: { type: 'string', default: '1d58da70' },
    rounds: { type: 'string', default: '5' },
  },
})

interface Cost {
  seconds: number
  cpuSeconds: number
  peakBytes: number
}

const folder = await mkdtemp(join(tmpdir(), 'ingot-beside-'))
const place = await newWorkplace()
try {
  await measure()
} finally {
  await run('git', ['worktree', 'remove', '--force', join(folder, 'base')], { cwd: root }).catch(
    () => undefined,
  )
  await rm(folder, { recursive: true, force: true })
  await rm(place.folder, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const base = join(folder, 'base')
  await run('git', ['worktree', 'add', '--quiet', '--detach', base, values.base], { cwd: root })
  await symlink(join(root, 'node_modules'), join(base, 'node_modules'))
  const built = await ingot(['build', demoRecipe, '--no-verify'], place)
  if (built.code !== 0) throw new Error(built.stderr)
  const image = built.stdout.trimEnd().split('\n').at(-1) ?? ''
  const checkouts = { base, here: root }
  row('', values.base, 'here', 'ratio')
  await compare('build with nothing to do', checkouts, ['build', demoRecipe, '--no-verify'])
  await compare('verification of the demo', checkouts, ['verify', image, '--json'])
  console.log(`load ${loadavg()[0]?.toFixed(1)}`)
}

/** Medians of as many rounds in turns; the first of each only fills caches. */
async function compare(
  what: string,
  checkouts: { base: string; here: string },
  args: string[],
): Promise<void> {
  const costs: Record<'base' | 'here', Cost[]> = { base: [], here: [] }
  const waits: Record<'base' | 'here', number[]> = { base: [], here: [] }
  for (let round = 0; round <= Number(values.rounds); round += 1)
    for (const which of ['base', 'here'] as const) {
      const { cost, stdout } = await costOf(join(checkouts[which], 'bin/ingot'), args, place)
      if (round === 0) continue
      costs[which].push(cost)
      const report: Report | undefined = args[0] === 'verify' ? JSON.parse(stdout) : undefined
      if (report) waits[which].push(cost.seconds - servedSeconds(report))
    }
  const of = (read: (cost: Cost) => number) =>
    [median(costs.base.map(read)), median(costs.here.map(read))] as const
  told(`${what}: wall, s`, ...of(({ seconds }) => seconds))
  told(`${what}: processor, s`, ...of(({ cpuSeconds }) => cpuSeconds))
  told(`${what}: peak, MB`, ...of(({ peakBytes }) => peakBytes / 1e6))
  if (waits.base.length > 0)
    told(`${what}: while no server is waited for or asked, s`, median(waits.base), median(waits.here))
}

/** Time from the start of a server to its end, over the two boots that are asked. */
function servedSeconds({ boots }: Report): number {
  const spans = boots.map(({ measured, checks }) => {
    const ends = checks.filter(({ id }) => id !== 'graceful-stop' && id !== 'stop-loading')
    return Math.max(...ends.map(({ beganMs, durationMs }) => beganMs + durationMs)) - measured.containerMs
  })
  return spans.reduce((sum, ms) => sum + ms, 0) / 1000
}

/** Runs a command whose process says at its end what it has used itself. */
async function costOf(program: string, args: readonly string[], { folder: cwd, environment }: Workplace) {
  const used = join(folder, 'used.json')
  const options = `--import=${join(import.meta.dirname, 'resource-usage.ts')}`
  const began = performance.now()
  const child = spawn(program, args, {
    cwd,
    env: { ...environment, NODE_OPTIONS: options, BENCH_USED: used },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`)
  const seconds = (performance.now() - began) / 1000
  const { cpuSeconds, peakBytes } = JSON.parse(await readFile(used, 'utf8'))
  return { stdout, cost: { seconds, cpuSeconds, peakBytes } }
}

function told(what: string, base: number, here: number): void {
  row(what, base.toFixed(2), here.toFixed(2), (here / base).toFixed(2))
}

function row(what: string, ...figures: string[]): void {
  console.log(`| ${[what.padEnd(75), ...figures.map((text) => text.padStart(8))].join(' | ')} |`)
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
}
