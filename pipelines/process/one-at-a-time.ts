/** Runs acts one after the other, in the order in which they came; one that fails does not hold up the next. */
export type TaskQueue = <Value>(act: () => Promise<Value>) => Promise<Value>

export function openTaskQueue(): TaskQueue {
  let last: Promise<unknown> = Promise.resolve()
  return (act) => {
    const mine = last.then(act, act)
    last = mine
    return mine
  }
}
