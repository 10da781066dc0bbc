import type { WorkerReport } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import { containerChecks } from '../../images/boot/container-checks.ts'
import { type HeldByWorker, heldByWorkers, workersWords } from '../../images/boot/held.ts'
import type { StopRules } from '../../images/boot/probe.ts'
import type { BootProfile } from '../../images/boot/runtime-spec.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import { lastLines } from '../../lib/text.ts'
import type { BootedWorker, Runner, WorkersRequest } from '../boot/runner.ts'
import { StageError } from '../error.ts'
import { peakMemory } from './figures.ts'
import { madeCheck, type ReadyTrial, type Trial } from './trial.ts'

/** The workers that a boot starts beside the server. Throws `unfit-machine` where this runner has none. */
export function workersFor(
  { name, machines }: Pick<ImagePlan, 'name' | 'machines'>,
  runner: Runner,
): WorkersRequest | undefined {
  if (machines === undefined) return undefined
  if (runner.hasWorkers !== true)
    throw new StageError('unfit-machine', {
      attempted: `boot ${name} in ${runner.name}`,
      found: `the image needs ${machines.names.length} workers, each in a network of its own, which ${runner.name} is not asked for here`,
      hint: 'leave --runner out, or take `--runner dagger`',
    })
  const { names, port, command } = machines
  return { names, port, command }
}

/** Whether every worker holds a part of the model: by the server's own log, and by the memory of the worker. */
export async function heldChecks({
  server,
  clock,
  machines,
}: Pick<ReadyTrial, 'server' | 'clock'> & { machines: ImagePlan['machines'] }): Promise<CheckResult[]> {
  if (machines === undefined) return []
  const beganMs = clock.now()
  const workers = server.workers ?? []
  const facts = await Promise.all(workers.map(async (worker) => worker.facts()))
  const held = heldByWorkers(await server.log(), machines).map(
    (one, index): HeldByWorker => ({ ...one, residentBytes: facts[index]?.residentPeakBytes ?? null }),
  )
  return [
    madeCheck(
      {
        id: 'layers-on-workers',
        group: 'machines',
        title: 'every worker holds layers of the model',
        expected: 'weights on each, by the log of the server and by the memory of the worker',
      },
      { ...workersWords(held), beganMs, endedMs: clock.now() },
    ),
  ]
}

/** What of workers goes into the report of a boot. */
export interface WorkersEnd {
  checks: CheckResult[]
  /** Nothing where there are none. */
  report: { workers?: WorkerReport[] }
  /** The end of what each of them said. */
  logs: string
}

/** Workers run as the server does, outlive it, and end when they are told to. */
export async function endWorkers(
  { server: { workers = [] }, clock, plan }: Pick<Trial, 'server' | 'clock' | 'plan'>,
  profile: BootProfile,
): Promise<WorkersEnd> {
  const checks: CheckResult[] = []
  const peaks: WorkerReport[] = []
  const logs: string[] = []
  const rules = plan.verify.behaviour.stop
  for (const worker of workers) {
    const facts = await worker.facts()
    const contained = containerChecks(facts, { exitCode: await worker.exitCode() }, profile, clock.now())
    peaks.push({ name: worker.name, peakMemoryBytes: peakMemory(facts).peakMemoryBytes })
    checks.push(...contained.map((check) => ofWorker(worker, check)), await stopCheck(worker, rules, clock))
    logs.push(`\n${worker.name}:\n${lastLines(await worker.log(), 10)}`)
  }
  return { checks, report: peaks.length > 0 ? { workers: peaks } : {}, logs: logs.join('') }
}

function ofWorker({ name }: BootedWorker, check: CheckResult): CheckResult {
  return { ...check, id: `${name}-${check.id}`, group: 'machines', title: `${name}: ${check.title}` }
}

async function stopCheck(
  worker: BootedWorker,
  { signal, timeoutSeconds, exitCodes }: StopRules,
  clock: Trial['clock'],
): Promise<CheckResult> {
  const beganMs = clock.now()
  const { exitCode, waitedMs } = await worker.stop(signal, timeoutSeconds)
  const check = madeCheck(
    {
      id: 'stop',
      group: 'machines',
      title: `${signal} ends it`,
      expected: `exit code ${exitCodes.join(' or ')} within ${timeoutSeconds} s`,
    },
    {
      good: exitCode !== null && exitCodes.includes(exitCode),
      observed: exitCode === null ? 'it had to be killed' : `exit code ${exitCode} after ${waitedMs} ms`,
      beganMs,
      endedMs: clock.now(),
    },
  )
  return ofWorker(worker, check)
}
