import { planMemory } from '../../../../images/memory/plan.ts'
import type { PlannedMemory } from '../../../../images/memory/result.ts'
import { readMemoryArguments } from '../../../../pipelines/memory/arguments.ts'
import { factsFromConfig } from '../../../../recipes/model-facts/config.ts'
import older from '../configs.json' with { type: 'json' }
import { gib, mib } from '../vector.ts'
import configs from './configs.json' with { type: 'json' }
import type { Figure, LoggedCase } from './logged-case.ts'

/** `window`: the log prints two places of the pool, and one of the pools that it can mean gives the logged number. */
export type Agreement = 'exact' | 'window' | 'off'

export interface Compared {
  figure: Figure
  logged: number
  planned: number
  agreement: Agreement
  certain: boolean
}

export function factsOfCase(name: string) {
  const all: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { ...older, ...configs }
  const config = all[name]
  if (!config) throw new Error(`no configuration ${name}`)
  return factsFromConfig(config)
}

function planOf({ config, options }: LoggedCase, poolGiB: number | undefined): Partial<PlannedMemory> {
  const pool = poolGiB === undefined ? [] : ['--available-kv-bytes', String(Math.round(poolGiB * 1024 ** 3))]
  const { engine, request } = readMemoryArguments(['--config', config, ...options.split(' '), ...pool])
  const plan = planMemory(engine, { ...request, facts: factsOfCase(config) })
  if (plan.outcome === 'planned') return plan
  return { ...plan.partial, certain: false }
}

function figureOf(plan: Partial<PlannedMemory>, figure: Figure): number {
  const of = (kinds: readonly string[]) =>
    mib(
      (plan.kvLayers ?? [])
        .filter(({ kind }) => kinds.includes(kind))
        .reduce((sum, { allocatedBytes }) => sum + (allocatedBytes ?? 0), 0),
    )
  switch (figure) {
    case 'kvGiBForOneSequence':
      return gib(plan.kvBytesForOneSequence ?? 0)
    case 'fullMiB':
      return of(['full'])
    case 'windowMiB':
      return of(['window'])
    case 'stateMiB':
      return of(['state'])
    case 'cacheMiB':
      return mib(plan.kvPoolBytes ?? 0)
    case 'computeMiB':
      return mib(plan.overheadBytes?.['computeBuffer'] ?? 0)
    case 'poolGiB':
      return gib(plan.kvPoolBytes ?? 0)
    case 'weightsGiB':
      return gib(plan.weightsBytes ?? 0)
    default:
      return plan[figure] ?? 0
  }
}

/** GiB between which a plan has its pool. */
export function bandOf(logged: LoggedCase): [low: number, high: number] {
  const [low = 0, high = 0] = planOf(logged, logged.pool).bands?.kvPoolBytes ?? []
  return [gib(low), gib(high)]
}

/** Half of the last place that a log prints. */
function halfPlace(value: number): number {
  const places = String(Number(value.toFixed(6))).split('.')[1]?.length ?? 0
  return 0.5 * 10 ** -places
}

export function compare(logged: LoggedCase): Compared[] {
  const plan = planOf(logged, logged.pool)
  const half = logged.pool === undefined ? 0 : halfPlace(logged.pool)
  const ends =
    logged.pool === undefined ? [] : [planOf(logged, logged.pool - half), planOf(logged, logged.pool + half)]
  // Object.entries widens the keys of `logged` to string.
  return (Object.entries(logged.logged) as [Figure, number][]).map(([figure, value]) => {
    const planned = figureOf(plan, figure)
    const [low = planned, high = planned] = ends.map((end) => figureOf(end, figure))
    const within = logged.within?.[figure]
    return {
      figure,
      logged: value,
      planned,
      certain: plan.certain ?? false,
      agreement: agreementOf(value, planned, within, [low, high]),
    }
  })
}

function agreementOf(
  logged: number,
  planned: number,
  within: number | undefined,
  ends: readonly [number, number],
): Agreement {
  const place = Number.isInteger(logged) ? 0 : halfPlace(logged) * 1.0001
  if (Math.abs(planned - logged) <= place) return 'exact'
  if (within !== undefined) return Math.abs(planned - logged) <= Math.abs(logged) * within ? 'window' : 'off'
  return logged >= Math.min(...ends) - place && logged <= Math.max(...ends) + place ? 'window' : 'off'
}
