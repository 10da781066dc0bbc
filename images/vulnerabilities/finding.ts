import { z } from 'zod'
import { optional } from '../../lib/optional.ts'
import { severities } from '../../recipes/severities.ts'
import { PlanError } from '../error.ts'

/** `unknown`: nobody has rated it. */
export type FindingSeverity = (typeof severities)[number] | 'unknown'

/** A vulnerability that a scanner reports for a package, by the lists of packages that it read. */
export interface KnownVulnerability {
  /** `CVE-…`, `GHSA-…` or another name of a database. */
  id: string
  /** Other names of the same, sorted. */
  aliases: string[]
  severity: FindingSeverity
  /** Address of what is known of it; empty where the database has none. */
  source: string
  package: FoundPackage
  /** Versions that are free of it. */
  fixedIn: string[]
}

export interface FoundPackage {
  name: string
  version: string
  /** Kind of package in syft's words, such as `deb` and `python`. */
  type: string
  /** Package URL; empty where the scanner gives none. */
  packageUrl: string
  /** Files by which the scanner knows of it, absolute in the image. */
  paths: string[]
}

/** All that a scan says. */
export interface VulnerabilityScan {
  scanner: { name: string; version: string }
  /** When the database was built, as RFC 3339; absent where the scanner does not know. */
  databaseBuilt?: string
  findings: KnownVulnerability[]
  /** Findings that a configuration of the person's own hides. */
  hidden: number
}

const names = z.object({ id: z.string().min(1) })

const matchSchema = z.object({
  vulnerability: names.extend({
    dataSource: z.string().default(''),
    severity: z.string().default(''),
    fix: z.object({ versions: z.array(z.string()).nullish() }).optional(),
  }),
  relatedVulnerabilities: z.array(names).nullish(),
  artifact: z.object({
    name: z.string().min(1),
    version: z.string(),
    type: z.string(),
    purl: z.string().default(''),
    locations: z.array(z.object({ path: z.string() })).nullish(),
  }),
})

const documentSchema = z.object({
  matches: z.array(matchSchema).nullable(),
  ignoredMatches: z.array(z.unknown()).nullish(),
  descriptor: z.object({
    name: z.string(),
    version: z.string(),
    db: z
      .object({ status: z.object({ built: z.string().optional() }).optional() })
      .nullish()
      .catch(undefined),
  }),
})

/** Reads `grype --output json`, by package and name of the vulnerability. Throws `bad-findings`. */
export function parseFindings(text: string): VulnerabilityScan {
  const document = documentSchema.safeParse(jsonOf(text))
  if (!document.success) throw badFindings(z.prettifyError(document.error).slice(0, 500))
  const { matches, ignoredMatches, descriptor } = document.data
  const { name, version, db } = descriptor
  const findings = (matches ?? []).map(findingOf)
  const distinct = new Map(findings.map((one) => [`${keyOf(one)}`, one]))
  return {
    scanner: { name, version },
    ...optional('databaseBuilt', timeIn(db?.status?.built)),
    findings: [...distinct.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    hidden: ignoredMatches?.length ?? 0,
  }
}

/** Whether a name that a person wrote means this vulnerability. */
export function goesByName(
  { id, aliases }: Pick<KnownVulnerability, 'id' | 'aliases'>,
  name: string,
): boolean {
  return [id, ...aliases].some((one) => one.toLowerCase() === name.toLowerCase())
}

function findingOf({
  vulnerability,
  relatedVulnerabilities,
  artifact,
}: z.infer<typeof matchSchema>): KnownVulnerability {
  const { id, severity, dataSource, fix } = vulnerability
  const aliases = new Set((relatedVulnerabilities ?? []).map((one) => one.id).filter((one) => one !== id))
  return {
    id,
    aliases: [...aliases].sort(),
    severity: severities.find((one) => one === severity.toLowerCase()) ?? 'unknown',
    source: dataSource,
    package: {
      name: artifact.name,
      version: artifact.version,
      type: artifact.type,
      packageUrl: artifact.purl,
      paths: [...new Set((artifact.locations ?? []).map(({ path }) => path))].sort(),
    },
    fixedIn: fix?.versions ?? [],
  }
}

/** A package that lies in several places is several to the scanner. */
function keyOf({ id, package: { name, version, type, packageUrl, paths } }: KnownVulnerability): string {
  return [name, version, type, packageUrl, id, ...paths].join('\t')
}

/** Go writes the year 1 for a time that it does not know. */
function timeIn(text: string | undefined): string | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) || time <= 0 ? undefined : new Date(time).toISOString()
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badFindings(error instanceof Error ? error.message : 'no JSON')
  }
}

function badFindings(found: string): PlanError {
  return new PlanError('bad-findings', {
    attempted: 'read what the scanner for vulnerabilities found',
    found,
    hint: 'use a grype of schema 6, such as 0.121.2; see what `grype --output json` gives',
  })
}
