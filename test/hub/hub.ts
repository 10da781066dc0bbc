/** What goes wrong, and how often. `path` limits it to one file; a fault without `times` stays. */
export type Fault =
  | { type: 'status'; status: number; retryAfter?: string; path?: string; times?: number }
  | { type: 'cut'; afterBytes: number; path?: string; times?: number }
  | { type: 'stall'; afterBytes: number; path?: string; times?: number }
  | { type: 'wrong-bytes'; path?: string; times?: number }
  | { type: 'no-ranges'; path?: string; times?: number }
  | { type: 'no-links'; path?: string; times?: number }

export interface SeenRequest {
  method: string
  path: string
  range: string | undefined
  authorized: boolean
}

/** A running hub. `requests` and `sentBytes` say what clients asked and what went out as file content. */
export interface Hub {
  url: string
  cdnUrl: string
  faults: Fault[]
  requests: SeenRequest[]
  sentBytes: number
  close(): Promise<void>
}
