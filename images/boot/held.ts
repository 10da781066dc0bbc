/** What of a model one worker holds. */
export interface HeldByWorker {
  name: string
  /** Buffers of weights that the server counts there. */
  mib: number
  /** Largest resident size of its process; null where the kernel did not tell. */
  residentBytes: number | null
}

interface CountedWorkers {
  names: readonly string[]
  port: number
  /** A regular expression with the groups `worker`, which is HOST:PORT, and `mib`. */
  heldLines: string
}

/** What the log of a server counts on each worker that it was given, in MiB; 0 where it counts nothing. */
export function heldByWorkers(
  log: string,
  { names, port, heldLines }: CountedWorkers,
): Pick<HeldByWorker, 'name' | 'mib'>[] {
  const counted = [...log.matchAll(new RegExp(heldLines, 'g'))].map(({ groups }) => ({
    worker: groups?.['worker'],
    mib: Number(groups?.['mib']),
  }))
  return names.map((name) => ({
    name,
    mib: counted.filter(({ worker }) => worker === `${name}:${port}`).reduce((sum, { mib }) => sum + mib, 0),
  }))
}

/** A worker that holds what the server says has at least as much in memory. */
export function workersWords(held: readonly HeldByWorker[]): { good: boolean; observed: string } {
  const good = held.every(
    ({ mib, residentBytes }) => mib > 0 && residentBytes !== null && residentBytes >= mib * 1024 ** 2,
  )
  const words = held.map(({ name, mib, residentBytes }) => {
    const resident = residentBytes === null ? 'unknown' : `${(residentBytes / 1024 ** 2).toFixed(2)} MiB`
    return `${name} ${mib.toFixed(2)} MiB of weights, its process ${resident}`
  })
  return { good, observed: words.join('; ') }
}
