import { setTimeout as sleep } from 'node:timers/promises'
import { containerChecks, stopCheck } from '../images/container-checks.ts'
import type { ContainerFacts } from '../images/container-facts.ts'
import type { ImagePlan } from '../images/plan.ts'
import type { Behaviour } from '../images/probe.ts'
import type { BootReport, CheckResult, RecordedAnswer } from '../images/report.ts'
import { type BootProfile, bootProfiles } from '../images/runtime-spec.ts'
import type { Digest } from '../lib/digest.ts'
import { recordAnswer, runProbe } from './ask.ts'
import type { BootedServer, Runner } from './boot/runner.ts'

export interface VerifyContext {
  runner: Runner
  onStep(text: string): void
}

/** Boots the image under every profile and identity the plan asks for, one after the other. */
export async function verifyImage(
  image: Digest,
  plan: ImagePlan,
  context: VerifyContext,
): Promise<BootReport[]> {
  const boots: BootReport[] = []
  for (const profile of bootProfiles(plan.verify.profiles, plan.sharedMemoryBytes)) {
    const { uid, gid } = profile.identity
    context.onStep(`boot as ${uid}:${gid}, ${profile.name}`)
    boots.push(
      await context.runner.boot({ image, profile, port: plan.port }, (server) =>
        tryServer(server, plan, profile, context),
      ),
    )
  }
  return boots
}

async function tryServer(
  server: BootedServer,
  plan: ImagePlan,
  profile: BootProfile,
  context: VerifyContext,
): Promise<BootReport> {
  const { behaviour } = plan.verify
  const began = performance.now()
  const readiness = await waitUntilReady(server, behaviour)
  const ready = readiness.status === 'passed'
  const readyAfterMs = ready ? performance.now() - began : null
  if (ready) context.onStep(`ready after ${((readyAfterMs ?? 0) / 1000).toFixed(1)} s`)
  const asked = ready ? await askAll(server, plan) : { checks: skipAll(behaviour), answers: [] }
  const facts = await server.facts()
  const stopped = stopCheck(
    await timed(() => server.stop(behaviour.stop.signal, behaviour.stop.timeoutSeconds)),
    behaviour.stop,
  )
  const checks = [readiness, ...asked.checks, ...containerChecks(facts, profile), stopped]
  const log = await server.log()
  return {
    profile: profile.name,
    runner: context.runner.name,
    identity: profile.identity,
    readyAfterMs,
    peakMemoryBytes: Number.isFinite(facts.peakMemoryBytes) ? facts.peakMemoryBytes : null,
    facts: plain(facts),
    checks,
    answers: asked.answers,
    logTail: checks.every((check) => check.status === 'passed') ? '' : lastLines(log, 40),
  }
}

/** Asks for a token until one comes, the server dies, its log proves a failed start, or time is up. */
async function waitUntilReady(
  server: BootedServer,
  { readiness, failureLines }: Behaviour,
): Promise<CheckResult> {
  const began = performance.now()
  const deadline = began + readiness.timeoutSeconds * 1000
  for (;;) {
    const result = await runProbe(server.url, {
      ...readiness,
      timeoutSeconds: Math.max(1, (deadline - performance.now()) / 1000),
    })
    const durationMs = performance.now() - began
    if (result.status === 'passed') return { ...result, durationMs }
    const death = await signOfDeath(server, failureLines)
    if (death !== null)
      return { ...result, observed: `${death}; last answer: ${result.observed}`, durationMs }
    if (performance.now() >= deadline)
      return {
        ...result,
        observed: `not within ${readiness.timeoutSeconds} s; last answer: ${result.observed}`,
        durationMs,
      }
    await sleep(100)
  }
}

async function signOfDeath(server: BootedServer, failureLines: readonly string[]): Promise<string | null> {
  const facts = await server.facts()
  if (facts.exitCode !== null) return `the server ended with exit code ${facts.exitCode}`
  const log = await server.log()
  const line = failureLines.find((text) => log.includes(text))
  return line === undefined ? null : `the log says "${line}"`
}

async function askAll(
  server: BootedServer,
  plan: ImagePlan,
): Promise<{ checks: CheckResult[]; answers: RecordedAnswer[] }> {
  const checks: CheckResult[] = []
  for (const probe of plan.verify.behaviour.probes) checks.push(await runProbe(server.url, probe))
  const answers: RecordedAnswer[] = []
  for (const prompt of plan.verify.prompts)
    await recordAnswer(server.url, plan.model, prompt).then(
      (answer) => answers.push(answer),
      () => undefined,
    )
  return { checks: [...checks, answersCheck(answers, plan.verify.prompts)], answers }
}

function answersCheck(answers: readonly RecordedAnswer[], prompts: readonly string[]): CheckResult {
  const good = answers.filter((answer) => answer.tokens > 0)
  return {
    id: 'answers',
    group: 'serve',
    title: 'every recorded prompt is answered',
    required: true,
    status: good.length === prompts.length ? 'passed' : 'failed',
    expected: `${prompts.length} answers with tokens`,
    observed: `${good.length} answers, ${good.reduce((sum, answer) => sum + answer.tokens, 0)} tokens`,
    durationMs: answers.reduce((sum, answer) => sum + answer.durationMs, 0),
    evidence: answers[0]?.answer.slice(0, 1000) ?? '',
  }
}

function skipAll({ probes }: Behaviour): CheckResult[] {
  return probes.map((probe) => ({
    id: probe.id,
    group: probe.group,
    title: probe.title,
    required: probe.required,
    status: 'skipped',
    expected: '',
    observed: 'the server was never ready',
    durationMs: 0,
    evidence: '',
  }))
}

async function timed<Value>(act: () => Promise<Value>): Promise<{ value: Value; durationMs: number }> {
  const began = performance.now()
  const value = await act()
  return { value, durationMs: performance.now() - began }
}

/** NaN is no JSON; a fact that could not be read is -1 there. */
function plain(facts: ContainerFacts): ContainerFacts {
  const number = (value: number) => (Number.isFinite(value) ? value : -1)
  return {
    ...facts,
    uid: number(facts.uid),
    gid: number(facts.gid),
    outwardPackets: number(facts.outwardPackets),
    peakMemoryBytes: number(facts.peakMemoryBytes),
  }
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}
