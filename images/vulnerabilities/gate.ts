import { type Severity, severities } from '../../recipes/severities.ts'
import {
  usualDatabaseDays,
  type VulnerabilityException,
  type VulnerabilityPolicy,
} from '../../recipes/vulnerabilities.ts'
import type { JudgedFinding } from './evidence.ts'
import { goesByName, type KnownVulnerability, type VulnerabilityScan } from './finding.ts'

/** What a recipe's limits make of a scan. */
export interface VulnerabilityVerdict {
  /** `open`: no limit was set, so nothing of what was found can fail. */
  status: 'passed' | 'failed' | 'open'
  limit?: Severity
  /** Why the scan itself cannot be relied on; absent where it can. */
  databaseProblem?: string
  /** Findings that are there, reach the limit and have no exception. */
  breaches: KnownVulnerability[]
  excepted: { finding: KnownVulnerability; exception: VulnerabilityException }[]
  /** Exceptions that would have held, had their day not passed. */
  expired: VulnerabilityException[]
}

export interface GateInput {
  scan: VulnerabilityScan
  findings: readonly JudgedFinding[]
  policy: VulnerabilityPolicy
  /** Milliseconds since 1970. */
  now: number
}

const dayMs = 24 * 60 * 60 * 1000

/** A database that nobody knows the age of fails like one that is too old: it may know nothing. */
export function judgeVulnerabilities({ scan, findings, policy, now }: GateInput): VulnerabilityVerdict {
  const { limit, exceptions = [] } = policy
  const present = findings.flatMap(({ finding, evidence }) => (evidence === undefined ? [finding] : []))
  const reaching = limit === undefined ? [] : present.filter((finding) => reaches(finding, limit))
  const meantFor = (finding: KnownVulnerability) => exceptions.filter((one) => isMeant(one, finding))
  const holding = (finding: KnownVulnerability) => meantFor(finding).find((one) => holds(one, now))
  const expired = new Set(
    reaching.filter((finding) => holding(finding) === undefined).flatMap((finding) => meantFor(finding)),
  )
  const databaseProblem = problemOfDatabase(scan, policy, now)
  const breaches = reaching.filter((finding) => holding(finding) === undefined)
  const isFailed = databaseProblem !== undefined || breaches.length > 0
  return {
    status: isFailed ? 'failed' : limit === undefined ? 'open' : 'passed',
    ...(limit !== undefined && { limit }),
    ...(databaseProblem !== undefined && { databaseProblem }),
    breaches,
    excepted: reaching.flatMap((finding) => {
      const exception = holding(finding)
      return exception === undefined ? [] : [{ finding, exception }]
    }),
    expired: [...expired],
  }
}

/** One that nobody rated is not known to be below a limit. */
function reaches({ severity }: KnownVulnerability, limit: Severity): boolean {
  return severity === 'unknown' || severities.indexOf(severity) >= severities.indexOf(limit)
}

function isMeant({ id, package: name }: VulnerabilityException, finding: KnownVulnerability): boolean {
  return goesByName(finding, id) && (name === undefined || name === finding.package.name)
}

/** Through its last day, in UTC. */
function holds({ until }: VulnerabilityException, now: number): boolean {
  return now < Date.parse(`${until}T00:00:00Z`) + dayMs
}

function problemOfDatabase(
  { databaseBuilt }: VulnerabilityScan,
  { databaseDays = usualDatabaseDays }: VulnerabilityPolicy,
  now: number,
): string | undefined {
  if (databaseBuilt === undefined) return 'the scanner does not say when its database was built'
  const ageMs = now - Date.parse(databaseBuilt)
  // Clocks differ by minutes; a day ahead is no clock's fault.
  if (ageMs < -dayMs) return `the database says that it was built on ${databaseBuilt}, which is yet to come`
  if (ageMs <= databaseDays * dayMs) return undefined
  return `the database was built on ${databaseBuilt}, ${Math.floor(ageMs / dayMs)} days ago; the limit is ${databaseDays}`
}
