import { setTimeout as sleep } from 'node:timers/promises'
import { bootProfiles } from '../../images/boot/runtime-spec.ts'
import type { StopObservation } from '../../images/boot/stop-check.ts'
import { unmetRequirements } from '../../images/plan/requirements.ts'
import { optional } from '../../lib/optional.ts'
import { lastLines } from '../../lib/text.ts'
import type { BootedServer, BootRequest, Runner } from '../boot/runner.ts'
import { StageError } from '../error.ts'
import type { Progress } from '../process/progress.ts'
import { usualLimits } from '../verify/limits.ts'
import { waitUntilReady } from '../verify/readiness.ts'
import type { Subject } from '../verify/subject.ts'
import type { Trial } from '../verify/trial.ts'
import { workersFor } from '../verify/workers.ts'

/** How a server that was ready came to its end. */
export type ServingEnd =
  /** Told to stop; null where it was not there any more to be told. */
  { type: 'stopped'; stopped: StopObservation | null } | { type: 'ended'; exitCode: number; log: string }

export interface ServingContext {
  runner: Runner
  progress: Progress
  /** Stops the server. */
  signal: AbortSignal
  /** The key that the server gets, where it wants one. */
  key: string | null
  /** Called once, when it generates. What it gives back is awaited; the server then serves on, unless it says `stop`. */
  onReady(server: BootedServer, readyMs: number): Promise<'serve' | 'stop'>
}

/** How often a server is asked whether it still runs. */
const pollMs = 2000

/**
 * Starts an image as the hostile boot does, and serves until it is told to stop. Nothing of it is left. Throws `unfit-machine`,
 * `not-verified` for a server that does not come up, and the signal's reason where it comes before the server is ready.
 */
export async function serveImage(subject: Subject, context: ServingContext): Promise<ServingEnd> {
  const { plan, report, mounts } = subject
  const { runner, progress, signal, key } = context
  await requireMachine(subject, runner)
  const [profile] = bootProfiles(['hostile'], plan.sharedMemoryBytes)
  if (profile === undefined) throw new Error('the hostile profile has no identity')
  progress.step(`start ${report.image} in ${runner.name}`)
  const beganMs = performance.now()
  const clock = { now: () => performance.now() - beganMs }
  const { apiKey } = plan.verify
  const secret = apiKey === undefined || key === null ? undefined : { name: apiKey.variable, value: key }
  const request: BootRequest = {
    ...{ image: report.image, profile, port: plan.port, mounts },
    ...optional('secret', secret),
    ...optional('workers', workersFor(plan, runner)),
  }
  return runner.boot(request, async (server) => {
    const trial: Trial = { server, plan, clock, limits: usualLimits, signal, key }
    progress.step(`wait until ${plan.model} answers`)
    const ready = await waitUntilReady(trial)
    if (ready.status !== 'passed') throw await notReady(plan.name, ready.observed, server)
    const next = await context.onReady(server, clock.now())
    if (next === 'serve') {
      progress.step(`serve ${plan.model}`)
      const exitCode = await untilEnd(server, signal)
      if (exitCode !== null) return { type: 'ended', exitCode, log: lastLines(await server.log(), 20) }
    }
    return { type: 'stopped', stopped: await stop(server, plan.verify.behaviour.stop) }
  })
}

async function requireMachine({ plan }: Subject, runner: Runner): Promise<void> {
  if (plan.requires === undefined) return
  const unmet = unmetRequirements(plan.requires, await runner.machine(), runner.gpus)
  if (unmet.length === 0) return
  throw new StageError('unfit-machine', {
    attempted: `run ${plan.name} here`,
    found: unmet.map(({ found }) => found).join('; '),
    hint: [...new Set(unmet.map(({ hint }) => hint))].join('; '),
  })
}

async function notReady(name: string, observed: string, server: BootedServer): Promise<StageError> {
  const log = lastLines(await server.log(), 20)
  return new StageError('not-verified', {
    attempted: `wait until ${name} answers`,
    found: `${observed}${log === '' ? '' : `\n  the end of its log:\n    ${log.replaceAll('\n', '\n    ')}`}`,
    hint: 'give it more memory or a larger card; `ingot verify` boots it again and judges it',
  })
}

/** Null once it is to stop; the exit code of a server that ended by itself. */
async function untilEnd(server: BootedServer, signal: AbortSignal): Promise<number | null> {
  while (!signal.aborted) {
    const exitCode = await server.exitCode().catch(passInterrupted(signal))
    if (exitCode !== null) return exitCode
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
  return null
}

/** Ctrl-C on a terminal ends the programs that lead to the server as well. */
function passInterrupted(signal: AbortSignal): (error: unknown) => null {
  return (error) => {
    if (signal.aborted) return null
    throw error
  }
}

async function stop(
  server: BootedServer,
  { signal, timeoutSeconds }: { signal: string; timeoutSeconds: number },
): Promise<StopObservation | null> {
  return server.stop(signal, timeoutSeconds).catch(() => null)
}

/** The end in words, for the person at the terminal. */
export function endWords(end: ServingEnd): string {
  if (end.type === 'ended') return `the server ended by itself with exit code ${end.exitCode}\n${end.log}`
  if (end.stopped === null) return 'stopped: what it ran in ended with the command'
  const { exitCode, waitedMs } = end.stopped
  return exitCode === null
    ? 'stopped by force: it did not end when it was told'
    : `stopped after ${(waitedMs / 1000).toFixed(1)} s, exit code ${exitCode}`
}
