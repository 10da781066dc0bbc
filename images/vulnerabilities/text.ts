import type { JudgedFinding } from './evidence.ts'
import type { KnownVulnerability, VulnerabilityScan } from './finding.ts'
import type { VulnerabilityVerdict } from './gate.ts'

/** Lines for people: what is there, worst first; what is proven away; and what the recipe's limits make of it. */
export function vulnerabilitiesText(
  { scanner, databaseBuilt = 'an unknown day', hidden }: VulnerabilityScan,
  findings: readonly JudgedFinding[],
  verdict: VulnerabilityVerdict,
): string[] {
  const present = findings.filter(({ evidence }) => evidence === undefined)
  const proven = findings.filter(({ evidence }) => evidence !== undefined)
  return [
    `${scanner.name} ${scanner.version}, database built on ${databaseBuilt}`,
    `${countText(findings.length)}: ${present.length} in what is there, ${proven.length} in code that slimming took`,
    ...[...present].sort(worstFirst).map(({ finding }) => `  ${findingText(finding)}`),
    ...proven.flatMap(({ finding, evidence }) => [
      `  not affected: ${findingText(finding)}`,
      `    ${evidence?.text}`,
    ]),
    ...(hidden > 0 ? [`${hidden} more are hidden by a configuration of grype`] : []),
    ...verdictText(verdict),
  ]
}

/** What passed and what failed, with what to do. */
export function verdictText(verdict: VulnerabilityVerdict): string[] {
  const { status, limit, databaseProblem, breaches, excepted, expired } = verdict
  return [
    ...excepted.map(
      ({ finding, exception }) =>
        `excepted until ${exception.until}: ${finding.id} in ${finding.package.name}: ${exception.reason}`,
    ),
    ...expired.map(({ id, until, reason }) => `the exception for ${id} ended on ${until}: ${reason}`),
    ...(databaseProblem === undefined ? [] : [`failed: ${databaseProblem}`]),
    ...(breaches.length > 0
      ? [`failed: ${breaches.length} reach the limit ${limit}: ${breaches.map(shortText).join(', ')}`]
      : []),
    ...(status === 'passed' ? [`passed: none reaches the limit ${limit}`] : []),
    ...(status === 'open' ? ['no limit is set: vulnerabilities.limit in the recipe, or --limit'] : []),
  ]
}

function findingText({ id, aliases, severity, package: found, fixedIn }: KnownVulnerability): string {
  const fix = fixedIn.length > 0 ? `, fixed in ${fixedIn.join(', ')}` : ''
  const names = aliases.length > 0 ? ` (${aliases.join(', ')})` : ''
  return `${severity} ${id}${names} in ${found.name} ${found.version}${fix}`
}

function shortText({ id, package: found }: KnownVulnerability): string {
  return `${id} in ${found.name}`
}

const order = ['critical', 'high', 'unknown', 'medium', 'low', 'negligible']

function worstFirst(a: JudgedFinding, b: JudgedFinding): number {
  return order.indexOf(a.finding.severity) - order.indexOf(b.finding.severity)
}

function countText(count: number): string {
  return count === 1 ? '1 known vulnerability' : `${count} known vulnerabilities`
}
