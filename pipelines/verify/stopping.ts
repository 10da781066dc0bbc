import { setTimeout as sleep } from 'node:timers/promises'
import type { StopRun } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { StopOccasion, StopRules } from '../../images/boot/probe.ts'
import { type CheckSpan, deafCheck, type StopAttempt, stopCheck } from '../../images/boot/stop-check.ts'
import { askRequest } from '../../images/engines/ask-request.ts'
import type { BootRequest, LoadingOutcome, LoadingStop, Runner } from '../boot/runner.ts'
import { elapsedMs } from './ask.ts'
import { askServer, type QuestionResult } from './exchange.ts'
import type { Trial } from './trial.ts'

/** What one stop gave: the check, and its figures where it was tried. */
export interface StopResult {
  check: CheckResult
  run: StopRun | null
}

/** Long enough that most servers are not through with it when the signal comes. */
const longPrompt = 'Write the numbers from one to one thousand in words, each on a line of its own.'
/** The same for a model that only goes on with texts. */
const longBeginning = 'One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve,'
const longTokens = 1024
/** Some servers refuse an answer that is longer than the context that the prompt leaves. */
const fewestTokens = 128
/** A small model on a fast machine is through with one question, however long, before a signal can come. */
const mostQuestions = 64

/** Gives the server something to do, stops it meanwhile, and judges how it ended. `dead` says why it cannot be tried. */
export async function stopServer(
  trial: Trial,
  occasion: Exclude<StopOccasion, 'loading'>,
  dead: string | null,
): Promise<StopResult> {
  const beganMs = trial.clock.now()
  const tried: StopAttempt =
    dead === null ? await tryStop(trial, occasion) : { type: 'untried', reason: dead }
  return resultOf(occasion, rulesOf(trial), tried, { beganMs, durationMs: elapsedMs(trial.clock, beganMs) })
}

/** Starts the image only to stop it while it loads. */
export async function stopLoading(
  runner: Runner,
  request: BootRequest,
  trial: Omit<Trial, 'server'>,
): Promise<StopResult> {
  const { plan, clock } = trial
  const rules = plan.verify.behaviour.stop
  const loading = rules.busy?.loading
  const beganMs = clock.now()
  if (loading?.type !== 'ends') return untriedResult('loading', rules, 'nobody knows when it loads', beganMs)
  const stop: LoadingStop = {
    signal: rules.signal,
    timeoutSeconds: rules.timeoutSeconds,
    line: loading.line,
    startSeconds: plan.verify.startTimeoutSeconds,
  }
  const { stopped, log } = loading.onDemand
    ? await runner.boot(request, (server) => stopFirstLoad({ server, ...trial }, stop))
    : await runner.stopWhileLoading(request, stop)
  const reason = `its log never said "${loading.line}"`
  const tried: StopAttempt =
    stopped === null ? { type: 'untried', reason } : { type: 'stopped', stopped, evidence: log.trimEnd() }
  return resultOf('loading', rules, tried, { beganMs, durationMs: elapsedMs(clock, beganMs) })
}

/** Asks until a question is taken, which makes the server load, and stops it meanwhile. */
async function stopFirstLoad(trial: Trial, stop: LoadingStop): Promise<LoadingOutcome> {
  const { server } = trial
  const over = new AbortController()
  const asking = askUntilTaken(trial, over.signal)
  try {
    return { stopped: await server.stopOnceSaid(stop), log: await server.log() }
  } finally {
    over.abort()
    await asking
  }
}

async function askUntilTaken({ server, plan, limits, key }: Trial, over: AbortSignal): Promise<void> {
  const { request } = plan.verify.behaviour.readiness
  while (!over.aborted) {
    const came = await askServer(server.url, request, {
      timeoutMs: limits.answerSeconds * 1000,
      signal: over,
      key,
    })
    if (came.type === 'answer') return
    await sleep(limits.logPollMs)
  }
}

/** The result of a stop that could not be tried. */
export function untriedResult(
  occasion: StopOccasion,
  rules: StopRules,
  reason: string,
  beganMs: number,
): StopResult {
  return resultOf(occasion, rules, { type: 'untried', reason }, { beganMs, durationMs: 0 })
}

/** What the definition says cannot be tried at all; empty for most engines. */
export function deafChecks(rules: StopRules, beganMs: number): CheckResult[] {
  const loading = rules.busy?.loading
  return loading?.type === 'deaf' ? [deafCheck(rules, loading.source, { beganMs, durationMs: 0 })] : []
}

function resultOf(occasion: StopOccasion, rules: StopRules, tried: StopAttempt, span: CheckSpan): StopResult {
  const run = tried.type === 'stopped' ? { occasion, ...tried.stopped } : null
  return { check: stopCheck(occasion, rules, tried, span), run }
}

function rulesOf({ plan }: Trial): StopRules {
  return plan.verify.behaviour.stop
}

async function tryStop(trial: Trial, occasion: 'idle' | 'streaming' | 'plain'): Promise<StopAttempt> {
  const { signal, timeoutSeconds } = rulesOf(trial)
  if (occasion === 'idle')
    return { type: 'stopped', stopped: await trial.server.stop(signal, timeoutSeconds), evidence: '' }
  const load: StopLoad = { questions: 1, tokens: longTokens }
  for (;;) {
    const came = await tryStopAtWork(trial, occasion, load)
    if (came.type === 'too-little' && load.questions < mostQuestions) load.questions *= 8
    else if (came.type === 'refused' && load.tokens > fewestTokens) load.tokens /= 8
    else return came.attempt
  }
}

/** How much a server is given to do. */
interface StopLoad {
  questions: number
  tokens: number
}

/** What came of one load: the server was too quick for it or refused it, or there is nothing more to try. */
interface LoadOutcome {
  type: 'tried' | 'too-little' | 'refused'
  attempt: StopAttempt
}

async function tryStopAtWork(
  trial: Trial,
  occasion: 'streaming' | 'plain',
  load: StopLoad,
): Promise<LoadOutcome> {
  const { signal, timeoutSeconds, busy } = rulesOf(trial)
  const work = startWork(trial, occasion === 'streaming', load)
  try {
    const early = await Promise.race([work.answered, work.underWay])
    if (early !== null) {
      const reason = `it was over too soon: ${wordsOf(early)}`
      return { type: loadTypeOf(early), attempt: { type: 'untried', reason } }
    }
    const stopping = trial.server.stop(signal, timeoutSeconds)
    if (busy?.[occasion]?.type === 'ends-without-client') {
      await sleep(trial.limits.hangUpMs)
      work.hangUp()
    }
    const stopped = await stopping
    work.hangUp()
    const evidence = `what its client saw: ${wordsOf(await work.answered)}`
    return { type: 'tried', attempt: { type: 'stopped', stopped, evidence } }
  } finally {
    work.hangUp()
  }
}

function loadTypeOf(early: readonly QuestionResult[]): LoadOutcome['type'] {
  const statuses = early.map((came) => (came.type === 'answer' ? came.answer.status : null))
  if (statuses.every((status) => status === 200)) return 'too-little'
  return statuses.every((status) => status === 400 || status === 422) ? 'refused' : 'tried'
}

interface StopWork {
  /** What came of each question, once the last has an end. */
  answered: Promise<QuestionResult[]>
  /** Null once the server is at work on the answers: a first piece came, or some time went by without an end of all. */
  underWay: Promise<null>
  hangUp(): void
}

function startWork(
  { server, plan, limits, signal, key }: Trial,
  stream: boolean,
  { questions, tokens }: StopLoad,
): StopWork {
  const client = new AbortController()
  const { promise: began, resolve } = Promise.withResolvers<null>()
  const { ask, stop } = plan.verify.behaviour
  const prompt = ask.bodyFor === 'openai-completion' ? longBeginning : longPrompt
  const beside = stream ? { stream } : {}
  const request = askRequest(ask, { model: plan.model, prompt, maxTokens: tokens, beside })
  const options = {
    timeoutMs: (limits.answerSeconds + stop.timeoutSeconds) * 1000,
    signal: signal === undefined ? client.signal : AbortSignal.any([client.signal, signal]),
    key,
    onPiece: (_: string, status: number) => {
      if (status === 200) resolve(null)
    },
  }
  const asked = Array.from({ length: questions }, () => askServer(server.url, request, options))
  const underWay = stream ? began : sleep(limits.underWayMs, null)
  return {
    answered: Promise.all(asked),
    underWay,
    hangUp: () => client.abort(new Error('the client hung up')),
  }
}

/** The last of several stands for all: it waited longest. */
function wordsOf(results: readonly QuestionResult[]): string {
  const came = results.at(-1)
  if (came === undefined) return 'nothing'
  return came.type === 'trouble'
    ? came.words
    : `a whole answer, status ${came.answer.status}, ${came.answer.body.length} characters`
}
