import { setTimeout as sleep } from 'node:timers/promises'
import { deploymentOf } from '../../images/engines/deployment.ts'
import { engineOf } from '../../images/engines/engines.ts'
import type { EngineGauges } from '../../images/engines/gauges.ts'
import { type EngineReading, type EngineUse, readGauges, useOf } from '../../images/load/engine-use.ts'
import { askServer } from '../verify/exchange.ts'
import type { Subject } from '../verify/subject.ts'

/** The page of a server that says how full it is. */
export interface EnginePage {
  path: string
  gauges: EngineGauges
}

/** Where the engine says how full it is, for an image whose recipe is known. */
export function enginePage({ origin, plan }: Subject): EnginePage | null {
  const engine = engineOf(plan.engine.id)
  if (origin === undefined || engine.gauges === undefined) return null
  return { gauges: engine.gauges, path: engine.gauges.path(deploymentOf(origin.recipe, origin.lock, engine)) }
}

interface WatchedServer {
  url: string
  key: string | null
  signal: AbortSignal
}

/** A page is some kilobytes, and reading it must not be a load of its own. */
const everyMs = 500
const timeoutMs = 10_000

/** Does something while the engine's page is read: once before, again and again, and once behind it. Null where it says nothing. */
export async function whileWatched<Result>(
  server: WatchedServer,
  page: EnginePage | null,
  act: () => Promise<Result>,
): Promise<{ result: Result; use: EngineUse | null }> {
  if (page === null) return { result: await act(), use: null }
  const readings: EngineReading[] = []
  const read = async () => {
    const reading = await readPage(server, page)
    if (reading !== null) readings.push(reading)
  }
  await read()
  const ended = new AbortController()
  const watching = repeat(read, ended.signal)
  try {
    const result = await act()
    ended.abort()
    await watching
    await read()
    return { result, use: useOf(readings) }
  } finally {
    ended.abort()
    await watching
  }
}

async function repeat(act: () => Promise<void>, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await sleep(everyMs, undefined, { signal: ended }).catch(() => undefined)
    if (!ended.aborted) await act()
  }
}

async function readPage(
  { url, key, signal }: WatchedServer,
  { path, gauges }: EnginePage,
): Promise<EngineReading | null> {
  const came = await askServer(url, { method: 'GET', path }, { timeoutMs, signal, key })
  return came.type === 'answer' && came.answer.status === 200 ? readGauges(came.answer.body, gauges) : null
}
