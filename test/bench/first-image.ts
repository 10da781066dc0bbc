import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connect } from '@dagger.io/dagger'
import type { Report } from '../../images/report/report.ts'
import { demoRecipe, ingot, newWorkplace } from '../e2e/ingot.ts'

// node lab/run.ts -- node test/bench/first-image.ts [--cold]      (--cold empties the engine's cache first)
// Figures of the first image for docs/measurements.md: bytes by layer, times, memory, and what a rebuild costs beside an
// empty Dagger session measured in the same run.

const rounds = 5
const cold = process.argv.includes('--cold')

async function timed<Value>(act: () => Promise<Value>): Promise<{ value: Value; seconds: number }> {
  const began = performance.now()
  const value = await act()
  return { value, seconds: (performance.now() - began) / 1000 }
}

async function emptySession(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'empty-session.ts')])
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const place = await newWorkplace()
try {
  if (cold) await connect(async (client) => void (await client.engine().localCache().prune()))
  const locked = await timed(() => ingot(['lock', demoRecipe], place))
  const built = await timed(() => ingot(['build', demoRecipe, '--json'], place))
  if (built.value.code !== 0) throw new Error(built.value.stderr)
  const rebuilds: number[] = []
  const sessions: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    rebuilds.push((await timed(() => ingot(['build', demoRecipe], place))).seconds)
    sessions.push((await timed(emptySession)).seconds)
  }
  const [report] = JSON.parse(built.value.stdout) as [Report]
  print(report, locked.seconds, built.seconds, median(rebuilds), median(sessions))
} finally {
  await rm(place.folder, { recursive: true, force: true })
}

function print(
  report: Report,
  lockSeconds: number,
  coldSeconds: number,
  rebuild: number,
  session: number,
): void {
  const row = (name: string, value: string) => process.stdout.write(`| ${name} | ${value} |\n`)
  row('machine', `${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}`)
  for (const layer of report.layers) row(layer.cause, `${layer.sizeBytes} B`)
  row('image as stored', `${report.sizes.storedBytes} B`)
  row('image without weights', `${report.sizes.runtimeBytes} B`)
  row('files before and after slimming', `${report.sizes.stockTreeBytes} B, ${report.sizes.keptTreeBytes} B`)
  row(cold ? 'lock, empty engine cache' : 'lock, warm engine cache', `${lockSeconds.toFixed(1)} s`)
  row('build and verify, then', `${coldSeconds.toFixed(1)} s`)
  for (const boot of report.boots)
    row(
      `boot as ${boot.identity.uid}:${boot.identity.gid}`,
      `ready after ${((boot.readyAfterMs ?? 0) / 1000).toFixed(1)} s, peak memory ${boot.peakMemoryBytes} B`,
    )
  row('rebuild without changes', `${rebuild.toFixed(2)} s`)
  row('empty Dagger session', `${session.toFixed(2)} s`)
  row('rebuild / empty session', (rebuild / session).toFixed(2))
}
