import type { Channel } from './channel.ts'
import { type DaggerBoot, type Harness, openHarness } from './harness.ts'
import type { BootRequest } from './runner.ts'

/** Where harnesses stand that were opened before their boots; one for each request. */
export interface HarnessYard {
  context: DaggerBoot
  standing: Map<BootRequest, StandingHarness>
}

interface StandingHarness {
  beganMs: number
  /** With the moment at which it was there. */
  opened: Promise<Harness & { openedMs: number }>
}

/** A harness whose boot was asked for. */
interface TakenHarness {
  channel: Channel
  /** What it had already cost when its boot was asked for, in milliseconds. */
  aheadMs: number
}

export function harnessYard(context: DaggerBoot): HarnessYard {
  return { context, standing: new Map() }
}

/**
 * Opens a harness for each request at the same time, before their boots are asked for: making a container takes longer than
 * many a server takes to start. They end with `use`, used or not.
 */
export async function withHarnesses<Result>(
  { context, standing }: HarnessYard,
  requests: readonly BootRequest[],
  use: () => Promise<Result>,
): Promise<Result> {
  for (const request of requests) standing.set(request, openStanding(context, request))
  try {
    return await use()
  } finally {
    const all = requests.flatMap((request) => standing.get(request) ?? [])
    for (const request of requests) standing.delete(request)
    await Promise.allSettled(all.map(async ({ opened }) => (await opened).close()))
  }
}

/** Lets `use` have the harness of a request: the one that stands for it, or one of its own. */
export async function withHarness<Result>(
  { context, standing }: HarnessYard,
  request: BootRequest,
  use: (harness: TakenHarness) => Promise<Result>,
): Promise<Result> {
  const requestedMs = performance.now()
  const known = standing.get(request)
  const { beganMs, opened } = known ?? openStanding(context, request)
  const harness = await opened
  try {
    const aheadMs = Math.max(0, Math.min(requestedMs, harness.openedMs) - beganMs)
    return await use({ channel: harness.channel, aheadMs })
  } finally {
    // The end of one that stood takes as long as its making: it is waited for when all of them end.
    const closing = harness.close()
    if (known === undefined) await closing
  }
}

function openStanding(context: DaggerBoot, request: BootRequest): StandingHarness {
  const beganMs = performance.now()
  const opened = openHarness(context, request).then((harness) => ({
    ...harness,
    openedMs: performance.now(),
  }))
  // The boot that wants it hears of its failure.
  opened.catch(() => undefined)
  return { beganMs, opened }
}
