/**
 * Where an engine says how full it is. Each list has the names of several versions; the first that is on the page counts. An
 * empty list is what the engine does not tell.
 */
export interface EngineGauges {
  /** `iterations` is a list of JSON objects, of which the last one counts, and its names are paths in it. */
  form: 'prometheus' | 'iterations'
  /** Share of the cache of keys and values that is taken, from 0 to 1; of two names the first is divided by the second. */
  cacheShare: readonly (readonly [string] | readonly [string, string])[]
  /** Requests that lost their place in the cache since the server began, and are computed once more. */
  preemptions: readonly string[]
  running: readonly string[]
  waiting: readonly string[]
}
