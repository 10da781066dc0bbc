/** Like `Promise.all` over `items.map(act)` with at most `limit` at a time, in order of start. Waits for all that started, then throws the first error. */
export async function mapLimited<Item, Value>(
  items: readonly Item[],
  limit: number,
  act: (item: Item) => Promise<Value>,
): Promise<Value[]> {
  const values: Value[] = []
  const failures: unknown[] = []
  const queue = items.entries()
  async function work(): Promise<void> {
    for (const [i, item] of queue) {
      if (failures.length > 0) return
      try {
        values[i] = await act(item)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
  if (failures.length > 0) throw failures[0]
  return values
}
