import type { BootReport, RecordedAnswer, SpeedRun } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import { containerChecks } from '../../images/boot/container-checks.ts'
import { missingLines } from '../../images/boot/missing-words.ts'
import type { StopOccasion } from '../../images/boot/probe.ts'
import type { RunnerFacts } from '../../images/boot/runner-facts.ts'
import { type BootProfile, bootProfiles } from '../../images/boot/runtime-spec.ts'
import { stopSchedule } from '../../images/boot/stop-check.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Digest } from '../../lib/digest.ts'
import { optional } from '../../lib/optional.ts'
import { lastLines } from '../../lib/text.ts'
import type { BootedServer, BootRequest, ImageMount, Runner } from '../boot/runner.ts'
import { accessChecks, newKey } from './access.ts'
import { type Clock, skippedProbe } from './ask.ts'
import { isOnSoftware, requireMachine, softwareVariables } from './device.ts'
import { measuredOf, peakMemory, spansOf } from './figures.ts'
import { gpuChecks } from './gpu.ts'
import { usualLimits, type VerifyLimits } from './limits.ts'
import { askAll, recordAnswers } from './questions.ts'
import { waitUntilReady } from './readiness.ts'
import { measureSpeed } from './speed.ts'
import { deafChecks, type StopResult, stopLoading, stopServer, untriedResult } from './stopping.ts'
import type { ReadyTrial, Trial } from './trial.ts'

/** What verification reads of a plan. */
export type VerifyPlan = Pick<
  ImagePlan,
  'name' | 'model' | 'port' | 'sharedMemoryBytes' | 'requires' | 'verify'
>

export interface VerifyContext {
  runner: Runner
  onStep(text: string): void
  signal?: AbortSignal
  limits?: VerifyLimits
  /** Weights of an image that does not hold them. */
  mounts?: readonly ImageMount[]
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
  const machine = await context.runner.machine()
  const variables = softwareVariables(plan, context)
  requireMachine(plan, machine, context.runner)
  const profiles = bootProfiles(plan.verify.profiles, plan.sharedMemoryBytes)
  const schedule = stopSchedule(plan.verify.behaviour.stop, profiles.length)
  const boots: BootReport[] = []
  const { apiKey } = plan.verify
  const key = apiKey === undefined ? null : newKey()
  const secret = apiKey === undefined || key === null ? undefined : { name: apiKey.variable, value: key }
  for (const [index, profile] of profiles.entries()) {
    const { uid, gid } = profile.identity
    context.onStep(`boot as ${uid}:${gid}, ${profile.name}, in ${context.runner.name}`)
    const clock = startClock()
    const occasion = schedule.ofBoots[index] ?? 'idle'
    const mounts = context.mounts ?? []
    const request = { image, profile, port: plan.port, mounts, variables, ...optional('secret', secret) }
    const tryIt = (server: BootedServer) =>
      tryServer({ server, plan, clock, machine, profile, context, occasion, key })
    boots.push(await context.runner.boot(request, tryIt))
    context.signal?.throwIfAborted()
    if (index === profiles.length - 1) await stopAgain(boots, schedule.besides, { request, plan }, context)
  }
  return boots
}

/** Boots that are made for one stop alone, under the last profile; their results stand in its report. */
async function stopAgain(
  boots: BootReport[],
  occasions: readonly StopOccasion[],
  { request, plan }: { request: BootRequest; plan: VerifyPlan },
  context: VerifyContext,
): Promise<void> {
  const last = boots.pop()
  if (last === undefined) return
  const rules = plan.verify.behaviour.stop
  const checks = [...last.checks, ...deafChecks(rules, 0)]
  const stops = [...(last.stops ?? [])]
  const isReady = [...boots, last].every(({ readyAfterMs }) => readyAfterMs !== null)
  // One that was never ready has been stopped idle in its own boot.
  for (const occasion of isReady ? occasions : occasions.filter((one) => one !== 'idle')) {
    if (isReady) context.onStep(`boot to stop it: ${occasion}`)
    const { check, run } = isReady
      ? await stopInBoot(occasion, request, plan, context)
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

interface BootAttempt {
  server: BootedServer
  plan: VerifyPlan
  clock: Clock
  machine: RunnerFacts
  profile: BootProfile
  context: VerifyContext
  /** What the server is doing when it is told to stop. */
  occasion: StopOccasion
  key: string | null
}

async function tryServer(booting: BootAttempt): Promise<BootReport> {
  const { server, plan, clock, profile, context, occasion, key } = booting
  const { onStep, signal, limits = usualLimits } = context
  const trial: Trial = { server, plan, clock, limits, signal, key }
  const containerMs = clock.now()
  const readiness = await waitUntilReady(trial)
  const ready = readiness.status === 'passed'
  if (ready) onStep(`ready after ${(readiness.durationMs / 1000).toFixed(1)} s, now it is asked`)
  const deadlineMs = clock.now() + limits.askSeconds * 1000
  const asked = ready
    ? await askBooted({ ...trial, deadlineMs }, context.runner.gpus > 0 || isOnSoftware(plan, context.runner))
    : nothingAsked(trial)
  const facts = await server.facts()
  const ending = { exitCode: await server.exitCode() }
  const contained = containerChecks(facts, ending, profile, clock.now())
  const gpuMemoryBytes = await server.gpuMemoryBytes()
  const missing = missingLines(await server.log())
  const dead = ending.exitCode === null ? null : 'the server had ended before'
  if (dead !== null) await server.stop(plan.verify.behaviour.stop.signal, 0)
  // A server that never got ready is stopped all the same.
  const stop = await stopServer(trial, ready && occasion !== 'loading' ? occasion : 'idle', dead)
  const checks = [readiness, ...asked.checks, ...contained, stop.check]
  return {
    profile: profile.name,
    runner: context.runner.name,
    identity: profile.identity,
    machine: booting.machine,
    readyAfterMs: ready ? readiness.durationMs : null,
    ...peakMemory(facts),
    measured: { containerMs, gpuMemoryBytes, ...measuredOf(readiness, asked.runs, facts) },
    spans: spansOf(containerMs, checks),
    facts,
    checks,
    answers: asked.answers,
    stops: stop.run === null ? [] : [stop.run],
    ...(missing.length === 0 ? {} : { missing }),
    logTail: checks.every((check) => check.status === 'passed') ? '' : lastLines(await server.log(), 40),
  }
}

interface BootAnswers {
  checks: CheckResult[]
  answers: RecordedAnswer[]
  runs: SpeedRun[]
}

async function askBooted(trial: ReadyTrial, onGpus: boolean): Promise<BootAnswers> {
  const checks = await askAll(trial, trial.plan.verify.behaviour.probes)
  // What makes vectors or scores has no answer to write down, and no token to time.
  const isText = trial.plan.verify.behaviour.ask.textAt !== null
  const recorded = isText ? await recordAnswers(trial) : null
  const speed = isText ? await measureSpeed(trial) : null
  const access = await accessChecks(trial)
  const onGpu = onGpus ? await gpuChecks(trial) : []
  return {
    checks: [
      ...checks,
      ...(recorded ? [recorded.check] : []),
      ...(speed ? [speed.check] : []),
      ...access,
      ...onGpu,
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
