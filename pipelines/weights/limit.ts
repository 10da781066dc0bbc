/**
 * Like `Promise.all` over `items.map(act)` with at most `limit` at a time, in order of start. The first failure aborts the
 * signal that the others were given; once they have ended, it is thrown.
 */
export async function mapLimited<Item, Value>(
  items: readonly Item[],
  limit: number,
  act: (item: Item, signal: AbortSignal) => Promise<Value>,
  outer?: AbortSignal,
): Promise<Value[]> {
  const stop = new AbortController()
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal
  const values: Value[] = []
  const failures: unknown[] = []
  const queue = items.entries()
  async function work(): Promise<void> {
    for (const [i, item] of queue) {
      if (failures.length > 0) return
      try {
        values[i] = await act(item, signal)
      } catch (error) {
        failures.push(error)
        stop.abort(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
  if (failures.length > 0) throw failures[0]
  return values
}
