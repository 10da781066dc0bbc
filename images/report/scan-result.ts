import picomatch from 'picomatch'
import type { ScanPolicy, TreeFindings } from '../plan/scan-policy.ts'

/** What a scan of an image's runtime layers, config, history and documents saw. Secrets fail a build, so none is in it. */
export interface ScanReport extends TreeFindings {
  entries: number
  /** Bytes of the unpacked layers of the runtime that were read. */
  sizeBytes: number
  /** Small files of the weights that were read: texts and whatever else is no tensor. Absent in older reports. */
  weightFiles?: number
  /** Why shells may be there. */
  shellReasons: string[]
  /** Secrets of the run that were searched for, by where they came from. */
  searchedFor: string[]
  /** Whether gitleaks' rules were applied, and which findings the recipe excuses. */
  gitleaks: boolean
  excused: string[]
}

/** A secret where none may be. `what` never quotes it. */
export interface SecretFinding {
  where: string
  what: string
}

/** Splits findings of gitleaks' rules by whether the recipe says that somebody looked at the file. */
export function excuse(
  findings: readonly { rule: string; path: string; line: number }[],
  policy: ScanPolicy,
): { secrets: SecretFinding[]; excused: string[] } {
  const isAllowed = picomatch(policy.allowSecrets, { dot: true })
  const place = ({ path, line }: { path: string; line: number }) => `${path}:${line}`
  return {
    secrets: findings
      .filter(({ path }) => !isAllowed(path))
      .map((finding) => ({ where: place(finding), what: `gitleaks’ rule ${finding.rule}` })),
    excused: findings
      .filter(({ path }) => isAllowed(path))
      .map((finding) => `${place(finding)} ${finding.rule}`),
  }
}

/**
 * Splits findings by the form of a token in the same way. Test suites of Python packages carry keys of their own, which
 * are nobody's. With `isPublic` the image's Python packages are those of the engine, as published: a token in one of them is
 * read by the whole world (transformers 5.24 has its test user's), so it is listed and fails nothing.
 */
export function excuseForms(
  findings: readonly { path: string; what: string }[],
  policy: ScanPolicy,
  isPublic: boolean,
): { secrets: SecretFinding[]; excused: string[] } {
  const matchesPolicy = picomatch(policy.allowSecrets, { dot: true })
  const isAllowed = (path: string) => matchesPolicy(path) || (isPublic && isPackaged(path))
  const isOurs = ({ path, what }: { path: string; what: string }) =>
    !(what.endsWith('private key') && isTest(path))
  const counted = findings.filter(isOurs)
  return {
    secrets: counted.filter(({ path }) => !isAllowed(path)).map(({ path, what }) => ({ where: path, what })),
    excused: counted.filter(({ path }) => isAllowed(path)).map(({ path, what }) => `${path} ${what}`),
  }
}

function isPackaged(path: string): boolean {
  return /\/python3[^/]*\/(site-packages|dist-packages)\//.test(path)
}

function isTest(path: string): boolean {
  return /\/(python3[^/]*|site-packages|dist-packages)\/(.*\/)?(tests?|testing|testdata)\//.test(path)
}

/** One or two lines for a terminal. */
export function scanText(scan: ScanReport): string[] {
  const searched =
    scan.searchedFor.length === 0
      ? 'no token of the run to look for'
      : `no secret of ${scan.searchedFor.join(', ')}`
  const rules = scan.gitleaks
    ? `nothing by gitleaks’ rules${scan.excused.length > 0 ? ` but ${scan.excused.length} that are allowed` : ''}`
    : 'gitleaks’ rules not applied'
  const ofWeights =
    scan.weightFiles === undefined ? '' : ` and ${scan.weightFiles} small files of the weights`
  return [
    `scanned ${scan.entries} files${ofWeights}: ${searched}; ${rules}`,
    `setuid: ${listOf(scan.setuid)}; writable by all: ${listOf(scan.worldWritable)}; shells: ${listOf(scan.shells)}${scan.shells.length > 0 ? ` (${scan.shellReasons.join('; ')})` : ''}`,
  ]
}

/** The same as a section of the Markdown report. */
export function scanMarkdown(scan: ScanReport | undefined): string[] {
  if (scan === undefined) return []
  const [first = '', second = ''] = scanText(scan)
  const excused = scan.excused.map((item) => `- excused: \`${item}\``)
  return [
    '',
    '## Scan',
    '',
    `${first.charAt(0).toUpperCase()}${first.slice(1)}.`,
    '',
    `${second.charAt(0).toUpperCase()}${second.slice(1)}.`,
    ...(excused.length > 0 ? ['', ...excused] : []),
  ]
}

function listOf(paths: readonly string[]): string {
  return paths.length === 0 ? 'none' : paths.join(', ')
}
