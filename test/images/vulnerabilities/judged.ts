import { readFileSync } from 'node:fs'
import {
  type JudgedFinding,
  judgeFindings,
  type ProofSources,
} from '../../../images/vulnerabilities/evidence.ts'
import { parseFindings } from '../../../images/vulnerabilities/finding.ts'
import type { VulnerableCode } from '../../../recipes/vulnerabilities.ts'
import { changes, presentPaths } from '../../pipelines/vulnerabilities/image.ts'
import { recordedFindings } from '../../pipelines/vulnerabilities/recorded.ts'

export const scan = parseFindings(readFileSync(recordedFindings, 'utf8'))

/** The recorded findings as they are judged for the sample image, changed as a test wants it. */
export function judged(
  code: readonly VulnerableCode[] = [],
  more: readonly string[] = [],
  other: Partial<ProofSources> = {},
): JudgedFinding[] {
  const present = new Set([...presentPaths, ...more])
  return judgeFindings(scan.findings, { changes, present, code, ...other })
}

/** Names of packages whose finding is proven away. */
export function provenIn(findings: readonly JudgedFinding[]): string[] {
  return findings.flatMap(({ finding, evidence }) => (evidence === undefined ? [] : [finding.package.name]))
}
