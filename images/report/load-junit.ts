import type { CheckResult } from '../boot/check-result.ts'
import type { LoadReport } from '../load/load-report.ts'
import { joinedStatus, type LimitJudgement, type LimitResult } from '../quality/limit-result.ts'
import { type JunitSuite, junitDocument } from './junit.ts'
import { loadMachineWords, noiseWords } from './load-words.ts'
import { qualityWords } from './quality-words.ts'

/** The limits of a bench as JUnit XML: one case each at each step. Where nothing is comparable all of a suite are skipped. */
export function loadJunit(report: LoadReport): string {
  const { name, createdAt, quality, judgement } = report
  const ofAnswers = { judgement: quality?.judgement ?? judgement, why: quality?.answers?.why ?? [] }
  return junitDocument({ name, createdAt }, [
    suiteOf(report, 'load', { judgement, why: report.noise.busy, out: noiseWords(report) }),
    ...(quality === undefined
      ? []
      : [suiteOf(report, 'answers', { ...ofAnswers, out: qualityWords(quality).join(' ') })]),
  ])
}

interface LimitSuite {
  judgement: LimitJudgement
  /** Why nothing is comparable, where that is so. */
  why: readonly string[]
  out: string
}

function suiteOf(
  report: LoadReport,
  of: 'load' | 'answers',
  { judgement, why, out }: LimitSuite,
): JunitSuite {
  const { image, plan } = report
  const status = joinedStatus([judgement])
  return {
    name: `limits of the ${of}`,
    hostname: report.machine.runner,
    className: `${report.name}.${of}`,
    checks: judgement.limits.map((limit) => checkOf(limit, of, status === 'not comparable' ? why : null)),
    properties: { image, plan, status, machine: loadMachineWords(report) },
    out,
    err: '',
  }
}

function checkOf(
  { limit, at, status, observed }: LimitResult,
  group: string,
  incomparable: readonly string[] | null,
): CheckResult {
  return {
    ...{ id: `${group}-limit`, group, required: true, beganMs: 0, durationMs: 0, evidence: '' },
    title: `${limit}, at ${at}`,
    expected: limit,
    status: incomparable !== null ? 'skipped' : status === 'passed' ? 'passed' : 'failed',
    observed: incomparable === null ? observed : `${observed}; not comparable: ${incomparable.join('; ')}`,
  }
}
