import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'

/** Looks names up as Node does, and knows while it has no answer. */
export interface WatchedLookup {
  lookup: LookupFunction
  isWaiting(): boolean
}

export function watchedLookup(): WatchedLookup {
  let isWaiting = false
  return {
    lookup(name, options, done) {
      isWaiting = true
      lookup(name, options, (error, address, family) => {
        isWaiting = false
        done(error, address, family)
      })
    },
    isWaiting: () => isWaiting,
  }
}
