import type { BootReport, RecordedAnswer, SpeedRun } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import { containerChecks } from '../../images/boot/container-checks.ts'
import type { StopOccasion } from '../../images/boot/probe.ts'
import type { RunnerFacts } from '../../images/boot/runner-facts.ts'
import type { StandIn } from '../../images/boot/stand-in.ts'
import { startLine } from '../../images/boot/start-line.ts'
import type { Digest } from '../../lib/digest.ts'
import { lastLines } from '../../lib/text.ts'
import type { BootedServer, BootRequest, ImageMount, Runner } from '../boot/runner.ts'
import { accessChecks, withoutKey } from './access.ts'
import { type Clock, skippedProbe } from './ask.ts'
import { compileCacheChecks } from './compile-cache.ts'
import { isOnSoftware, requireMachine, softwareVariables } from './device.ts'
import { besidesOf, measuredOf, peakMemory, spansOf, startOf, startWordsOf } from './figures.ts'
import { gpuChecks } from './gpu.ts'
import { usualLimits, type VerifyLimits } from './limits.ts'
import { type PlannedBoot, type PlannedBoots, plannedBoots, type VerifyPlan } from './planned-boots.ts'
import { askAll, recordAnswers } from './questions.ts'
import { waitUntilReady } from './readiness.ts'
import { measureSpeed } from './speed.ts'
import { deafChecks, type StopResult, stopLoading, stopServer, untriedResult } from './stopping.ts'
import type { ReadyTrial, Trial } from './trial.ts'
import { inTurn } from './turn.ts'
import { endWorkers, heldChecks, workersFor } from './workers.ts'

export interface VerifyContext {
  runner: Runner
  onStep(text: string): void
  signal?: AbortSignal
  limits?: VerifyLimits
  /** Weights of an image that does not hold them. */
  mounts?: readonly ImageMount[]
  /** Boots without the GPU that the plan requires. */
  standIn?: StandIn | undefined
}

/**
 * Boots the image under every profile and identity the plan asks for, one after the other. Throws `unfit-machine` when
 * driver or GPU cannot run it.
 */
export async function verifyImage(
  image: Digest,
  plan: VerifyPlan,
  context: VerifyContext,
): Promise<BootReport[]> {
  const { runner } = context
  const asked = runner.machine()
  // Whoever waits for the answer hears of a failure.
  asked.catch(() => undefined)
  const { standIn, mounts = [] } = context
  const variables = standIn?.variables ?? softwareVariables(plan, context)
  if (plan.requires !== undefined && standIn === undefined) requireMachine(plan, await asked, runner)
  const workers = workersFor(plan, runner)
  const boots = plannedBoots(image, plan, { mounts, variables, standIn, workers })
  const ahead = runner.ahead ?? ((_, use) => use())
  return ahead(
    [...boots.whole, ...boots.besides].map(({ request }) => request),
    () => bootAll(boots, { plan, context, asked }),
  )
}

interface BootingContext {
  plan: VerifyPlan
  context: VerifyContext
  /** The machine, which may still have to answer. */
  asked: Promise<RunnerFacts>
}

async function bootAll(
  { whole, besides }: PlannedBoots,
  { plan, context, asked }: BootingContext,
): Promise<BootReport[]> {
  const { runner, onStep, signal } = context
  const machine = await asked
  const boots: BootReport[] = []
  for (const [index, { request, occasion }] of whole.entries()) {
    const { name, identity } = request.profile
    onStep(`boot as ${identity.uid}:${identity.gid}, ${name}, in ${runner.name}`)
    const attempt = { plan, machine, request, context, occasion, isFirst: index === 0 }
    const boot = () => {
      const clock = startClock()
      const tryIt = async (server: BootedServer) => {
        const report = await tryServer({ ...attempt, server, clock: countedFrom(clock, server.aheadMs ?? 0) })
        return withoutKey(report, request.secret?.value)
      }
      return runner.boot(request, tryIt)
    }
    boots.push(await inTurn(runner, signal, boot))
    signal?.throwIfAborted()
  }
  await stopAgain(boots, besides, plan, context)
  return boots
}

/** The results of further stops stand in the report of the last boot. */
async function stopAgain(
  boots: BootReport[],
  besides: readonly PlannedBoot[],
  plan: VerifyPlan,
  context: VerifyContext,
): Promise<void> {
  const last = boots.pop()
  if (last === undefined) return
  const rules = plan.verify.behaviour.stop
  const checks = [...last.checks, ...deafChecks(rules, 0)]
  const stops = [...(last.stops ?? [])]
  const isReady = [...boots, last].every(({ readyAfterMs }) => readyAfterMs !== null)
  // One that was never ready has been stopped idle in its own boot.
  for (const { occasion, request } of isReady ? besides : besides.filter((one) => one.occasion !== 'idle')) {
    if (isReady) context.onStep(`boot to stop it: ${occasion}`)
    const { check, run } = isReady
      ? await inTurn(context.runner, context.signal, () => stopInBoot(occasion, request, plan, context))
      : untriedResult(occasion, rules, 'the server was never ready', 0)
    checks.push(check)
    if (run !== null) stops.push(run)
    context.signal?.throwIfAborted()
  }
  boots.push({ ...last, checks, stops })
}

async function stopInBoot(
  occasion: StopOccasion,
  request: BootRequest,
  plan: VerifyPlan,
  { runner, signal, limits = usualLimits }: VerifyContext,
): Promise<StopResult> {
  const clock = startClock()
  const key = request.secret?.value ?? null
  if (occasion === 'loading') return stopLoading(runner, request, { plan, clock, limits, signal, key })
  return runner.boot(request, async (server) => {
    const trial: Trial = { server, plan, clock, limits, signal, key }
    const { status, observed } = await waitUntilReady(trial)
    return stopServer(trial, occasion, status === 'passed' ? null : `not ready this time: ${observed}`)
  })
}

interface BootAttempt extends PlannedBoot {
  server: BootedServer
  plan: VerifyPlan
  clock: Clock
  machine: RunnerFacts
  context: VerifyContext
  isFirst: boolean
}

async function tryServer(booting: BootAttempt): Promise<BootReport> {
  const { server, plan, clock, request, context, occasion } = booting
  const { onStep, signal, limits = usualLimits } = context
  const trial: Trial = { server, plan, clock, limits, signal, key: request.secret?.value ?? null }
  const containerMs = clock.now()
  const readiness = await waitUntilReady(trial)
  const ready = readiness.status === 'passed'
  if (ready) onStep(`ready after ${(readiness.durationMs / 1000).toFixed(1)} s, now it is asked`)
  const deadlineMs = clock.now() + limits.askSeconds * 1000
  const asked = ready ? await askBooted({ ...trial, deadlineMs }, booting) : nothingAsked(trial)
  const facts = await server.facts()
  const exitCode = await server.exitCode()
  const contained = containerChecks(facts, { exitCode }, request.profile, clock.now())
  const gpuMemoryBytes = await server.gpuMemoryBytes()
  const log = await server.log()
  const dead = exitCode === null ? null : 'the server had ended before'
  if (dead !== null) await server.stop(plan.verify.behaviour.stop.signal, 0)
  // A server that never got ready is stopped all the same.
  const stop = await stopServer(trial, ready && occasion !== 'loading' ? occasion : 'idle', dead)
  const measured = { containerMs, gpuMemoryBytes, ...measuredOf(readiness, asked.runs, facts) }
  const workers = await endWorkers(trial, request.profile)
  const checks = [readiness, ...asked.checks, ...contained, stop.check, ...workers.checks]
  return {
    profile: request.profile.name,
    runner: context.runner.name,
    identity: request.profile.identity,
    machine: booting.machine,
    readyAfterMs: ready ? readiness.durationMs : null,
    ...peakMemory(facts),
    measured,
    start: startLine(startOf(server, measured), log, startWordsOf(plan)),
    spans: spansOf(containerMs, checks),
    facts,
    checks,
    answers: asked.answers,
    stops: stop.run === null ? [] : [stop.run],
    ...besidesOf(log, context, workers.report),
    logTail: checks.every(hasPassed) ? '' : lastLines(await server.log(), 40) + workers.logs,
  }
}

const hasPassed = ({ status }: CheckResult) => status === 'passed'

interface BootAnswers {
  checks: CheckResult[]
  answers: RecordedAnswer[]
  runs: SpeedRun[]
}

async function askBooted(
  trial: ReadyTrial,
  { plan, context: { runner }, isFirst }: BootAttempt,
): Promise<BootAnswers> {
  const checks = await askAll(trial, trial.plan.verify.behaviour.probes)
  // What makes vectors or scores has no answer to write down, and no token to time.
  const isText = trial.plan.verify.behaviour.ask.textAt !== null
  const recorded = isText ? await recordAnswers(trial) : null
  // Three streams give the median; in further boots one says that they stream as well.
  const speed = isText ? await measureSpeed(trial, isFirst ? 3 : 1) : null
  const access = await accessChecks(trial)
  const held = await heldChecks({ ...trial, machines: plan.machines })
  const onGpu = runner.gpus > 0 || isOnSoftware(plan, runner) ? await gpuChecks(trial) : []
  return {
    checks: [
      ...checks,
      ...(recorded ? [recorded.check] : []),
      ...(speed ? [speed.check] : []),
      ...access,
      ...onGpu,
      ...(await compileCacheChecks(trial, plan.compileCache)),
      ...held,
    ],
    answers: recorded?.answers ?? [],
    runs: speed?.runs ?? [],
  }
}

function nothingAsked({ plan, clock }: Trial): BootAnswers {
  const { probes } = plan.verify.behaviour
  const checks = probes.map((probe) => skippedProbe(probe, 'the server was never ready', clock))
  return { checks, answers: [], runs: [] }
}

function startClock(): Clock {
  const beganMs = performance.now()
  return { now: () => Math.round((performance.now() - beganMs) * 10) / 10 }
}

/** The same clock with what was spent before it started. */
function countedFrom(clock: Clock, beforeMs: number): Clock {
  return { now: () => Math.round((clock.now() + beforeMs) * 10) / 10 }
}
