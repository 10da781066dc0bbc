import { parseJson, valuesAt } from '../boot/answer-text.ts'
import type { EngineGauges } from '../engines/gauges.ts'

/** What the engine's own page said at one moment; null for what it does not tell. */
export interface EngineReading {
  /** From 0 to 1. */
  cacheShare: number | null
  preemptions: number | null
  running: number | null
  waiting: number | null
}

/** What it said while a step ran. */
export interface EngineUse {
  /** Most of the cache of keys and values that was taken at a reading, from 0 to 1. */
  cachePeak: number | null
  /** Requests that lost their place in the cache in this step. */
  preemptions: number | null
  runningPeak: number | null
  waitingPeak: number | null
  readings: number
}

type NumberOf = (name: string, several: 'sum' | 'most') => number | null

/** Reads one page. Null where it is none of the form that the engine has. */
export function readGauges(text: string, gauges: EngineGauges): EngineReading | null {
  const numberOf = gauges.form === 'prometheus' ? ofSamples(text) : ofLastIteration(text)
  if (numberOf === null) return null
  const first = (names: readonly string[]) =>
    names.map((name) => numberOf(name, 'sum')).find((value) => value !== null) ?? null
  return {
    cacheShare:
      gauges.cacheShare.map((names) => shareOf(names, numberOf)).find((one) => one !== null) ?? null,
    preemptions: first(gauges.preemptions),
    running: first(gauges.running),
    waiting: first(gauges.waiting),
  }
}

/** Of several copies of a model the fullest one counts. */
function shareOf([taken, all]: readonly [string, string?], numberOf: NumberOf): number | null {
  const value = numberOf(taken, 'most')
  if (value === null || all === undefined) return value
  const whole = numberOf(all, 'most')
  return whole === null || whole <= 0 ? null : value / whole
}

/** Samples of the text format of Prometheus, `name{label="value"} 0.5`; null for a text that has none. */
function ofSamples(text: string): NumberOf | null {
  const found = [...text.matchAll(/^([A-Za-z_:][\w:]*)(?:\{.*\})? +([^\s]+)(?: +-?\d+)?$/gm)]
  const samples = found.flatMap(([, name, value]) => {
    const number = Number(value)
    return name === undefined || !Number.isFinite(number) ? [] : [{ name, number }]
  })
  if (samples.length === 0) return null
  return (name, several) => {
    const numbers = samples.filter((one) => one.name === name).map(({ number }) => number)
    if (numbers.length === 0) return null
    return several === 'most' ? Math.max(...numbers) : numbers.reduce((sum, number) => sum + number, 0)
  }
}

function ofLastIteration(text: string): NumberOf | null {
  const iterations = parseJson(text)
  const last = Array.isArray(iterations) ? iterations.at(-1) : undefined
  if (last === undefined) return null
  return (name) => valuesAt(last, name).find((value) => typeof value === 'number') ?? null
}

/** What several readings say together, the first of which was made before the step began. Null without any. */
export function useOf(readings: readonly EngineReading[]): EngineUse | null {
  const [before, last] = [readings[0], readings.at(-1)]
  if (before === undefined || last === undefined) return null
  const most = (of: (reading: EngineReading) => number | null) => {
    const values = readings.flatMap((reading) => of(reading) ?? [])
    return values.length === 0 ? null : Math.max(...values)
  }
  return {
    cachePeak: most(({ cacheShare }) => cacheShare),
    // Its counter has no sample before the first one in some versions.
    preemptions: last.preemptions === null ? null : last.preemptions - (before.preemptions ?? 0),
    runningPeak: most(({ running }) => running),
    waitingPeak: most(({ waiting }) => waiting),
    readings: readings.length,
  }
}
