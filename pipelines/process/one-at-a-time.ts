/** Runs acts one after the other, in the order in which they came; one that fails does not hold up the next. */
export type Turns = <Value>(act: () => Promise<Value>) => Promise<Value>

export function openTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (act) => {
    const mine = last.then(act, act)
    last = mine
    return mine
  }
}
