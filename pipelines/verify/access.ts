import { randomBytes } from 'node:crypto'
import { type AccessRules, closedRequests, openRequests, routeOf } from '../../images/boot/access.ts'
import type { BootReport } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { ProbeRequest } from '../../images/boot/probe.ts'
import { askServer } from './exchange.ts'
import {
  madeCheck,
  type NamedCheck,
  type ReadyTrial,
  reasonToEnd,
  skippedCheck,
  timeLeftMs,
} from './trial.ts'

/** A key for the boots of one verification; it is told to nobody and outlives none of them. */
export function newKey(): string {
  return `ingot-${randomBytes(24).toString('hex')}`
}

/** A report of a boot, for a server that writes its key into answers or its log: reports leave the machine. */
export function withoutKey(report: BootReport, key: string | undefined): BootReport {
  if (key === undefined) return report
  const hidden = (text: string) => text.replaceAll(key, '(the key)')
  const { checks, answers, missing, logTail } = report
  return {
    ...report,
    checks: checks.map((check) => ({
      ...check,
      observed: hidden(check.observed),
      evidence: hidden(check.evidence),
    })),
    answers: answers.map((one) => ({ ...one, answer: hidden(one.answer) })),
    ...(missing === undefined ? {} : { missing: missing.map(hidden) }),
    logTail: hidden(logTail),
  }
}

/** A key that differs from the right one in its last character alone: a server that compares less of it takes both. */
function nearlyRight(key: string): string {
  return `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
}

const answerSeconds = 30

/** Whether a server that wants a key refuses everybody without it; nothing where none is wanted. */
export async function accessChecks(trial: ReadyTrial): Promise<CheckResult[]> {
  const { apiKey: rules } = trial.plan.verify
  if (rules === undefined) return []
  const { readiness, probes } = trial.plan.verify.behaviour
  const closed = closedRequests([readiness, ...probes], rules)
  return [
    await refusalCheck(trial, closed, null),
    await refusalCheck(trial, closed, nearlyRight(trial.key ?? newKey())),
    await openCheck(trial, rules),
    await silenceCheck(trial),
  ]
}

async function refusalCheck(
  trial: ReadyTrial,
  closed: readonly ProbeRequest[],
  key: string | null,
): Promise<CheckResult> {
  const words = key === null ? 'without a key' : 'with a wrong key'
  const named = {
    id: key === null ? 'key-none' : 'key-wrong',
    group: 'access',
    title: `nobody is answered ${words}`,
    expected: `401 of ${closed.length} routes`,
  }
  return asked(trial, named, { requests: closed, key }, (statuses) => {
    const wrong = [
      ...statuses
        .filter(({ status }) => status !== 401)
        .map(({ route, status }) => `${route} answers ${status} ${words}`),
      ...shownKeys(statuses),
    ]
    return {
      good: wrong.length === 0,
      observed: wrong.join('; ') || `401 of ${statuses.map(({ route }) => route).join(', ')}`,
    }
  })
}

/** What is open is told; the page that balancers ask must be, since they have no key. */
async function openCheck(trial: ReadyTrial, rules: AccessRules): Promise<CheckResult> {
  const named = {
    id: 'key-open',
    group: 'access',
    title: 'the engine leaves open by its design what is listed here, and the health page is among it',
    expected: `no 401 of ${rules.open[0]}`,
  }
  return asked(trial, named, { requests: openRequests(rules), key: null }, (statuses) => ({
    good:
      statuses[0]?.status !== 401 && statuses[0]?.status !== null && !statuses.some(({ hasKey }) => hasKey),
    observed: [
      ...statuses.map(
        ({ route, status }) => `${route} ${status === 401 ? 'wants the key' : `is open (${status})`}`,
      ),
      ...shownKeys(statuses),
    ].join(', '),
  }))
}

function shownKeys(statuses: readonly SeenStatus[]): string[] {
  return statuses.filter(({ hasKey }) => hasKey).map(({ route }) => `${route} shows the key to everybody`)
}

interface SeenStatus {
  route: string
  status: number | null
  /** Whether the answer holds the right key, which the question did not. */
  hasKey: boolean
}

async function asked(
  trial: ReadyTrial,
  named: NamedCheck,
  { requests, key }: { requests: readonly ProbeRequest[]; key: string | null },
  judge: (statuses: SeenStatus[]) => { good: boolean; observed: string },
): Promise<CheckResult> {
  const beganMs = trial.clock.now()
  const reason = await reasonToEnd(trial)
  if (reason !== null) return skippedCheck(named, reason, beganMs)
  const statuses: SeenStatus[] = []
  for (const request of requests) {
    const came = await askServer(trial.server.url, request, {
      timeoutMs: timeLeftMs(trial, answerSeconds),
      signal: trial.signal,
      key,
    })
    const { status, body } =
      came.type === 'answer' ? came.answer : { status: came.status, body: came.partial }
    const hasKey = trial.key !== null && trial.key !== undefined && body.includes(trial.key)
    statuses.push({ route: routeOf(request), status, hasKey })
  }
  return madeCheck(named, { ...judge(statuses), beganMs, endedMs: trial.clock.now() })
}

/** The server itself must not write the key down. */
async function silenceCheck({ server, clock, key }: ReadyTrial): Promise<CheckResult> {
  const beganMs = clock.now()
  const log = await server.log()
  const line = log.split('\n').findIndex((text) => key !== null && text.includes(key))
  return madeCheck(
    {
      id: 'key-unlogged',
      group: 'access',
      title: 'its log does not hold the key',
      expected: 'no line with the key',
    },
    {
      good: line < 0,
      observed: line < 0 ? 'no line with the key' : `line ${line + 1} of the log holds the key`,
      beganMs,
      endedMs: clock.now(),
    },
  )
}
