import { digestOf, hexOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import { uuidOf } from '../../lib/uuid.ts'
import type { JudgedFinding } from './evidence.ts'
import type { FindingSeverity, FoundPackage } from './finding.ts'
import { plainUrl, type VexDocument } from './openvex.ts'

/**
 * All findings as CycloneDX 1.6 (https://cyclonedx.org/capabilities/vex/): those that are proven away as `not_affected`,
 * `code_not_present`, each with its evidence; the others as `in_triage`, since nobody here knows more. Undefined where none
 * is proven.
 */
export function cycloneDxVex({ image, findings, time }: VexDocument): string | undefined {
  if (findings.every(({ evidence }) => evidence === undefined)) return undefined
  const packages = new Map(findings.map(({ finding }) => [refOf(finding.package), finding.package]))
  const vulnerabilities = [...Map.groupBy(findings, groupOf).values()].map(vulnerability)
  const content = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: time,
      tools: { components: [{ type: 'application', name: 'ingot' }] },
      component: {
        type: 'container',
        'bom-ref': 'image',
        name: image.name,
        version: image.digest,
        purl: `pkg:oci/${image.name}@${encodeURIComponent(image.digest)}`,
        hashes: [{ alg: 'SHA-256', content: hexOf(image.digest) }],
      },
    },
    components: [...packages].map(([ref, found]) => component(ref, found)),
    vulnerabilities,
  }
  const serial = uuidOf(digestOf(`cyclonedx vex ${canonicalJson(content)}`))
  return canonicalJson({ ...content, serialNumber: `urn:uuid:${serial}` })
}

/** One entry for what is said of a vulnerability in several packages, as far as the same is said. */
function groupOf({ finding, evidence }: JudgedFinding): string {
  return JSON.stringify([finding.id, evidence?.text ?? null])
}

function vulnerability(judged: readonly JudgedFinding[]): Json {
  const [{ finding, evidence } = { finding: undefined }] = judged
  if (finding === undefined) return {}
  const { id, aliases, severity, source } = finding
  const analysis: Json =
    evidence === undefined
      ? { state: 'in_triage' }
      : { state: 'not_affected', justification: 'code_not_present', detail: evidence.text }
  return {
    id,
    ...(source !== '' && { source: { url: source } }),
    ...(aliases.length > 0 && {
      references: aliases.map((alias) => ({ id: alias, source: { name: alias.replace(/-.*/, '') } })),
    }),
    ratings: [{ severity: ratings[severity] }],
    analysis,
    affects: judged.map((one) => ({ ref: refOf(one.finding.package) })),
  }
}

/** CycloneDX has no `negligible`. */
const ratings: Record<FindingSeverity, string> = {
  negligible: 'info',
  low: 'low',
  medium: 'medium',
  high: 'high',
  critical: 'critical',
  unknown: 'unknown',
}

function component(ref: string, { name, version, packageUrl }: FoundPackage): Json {
  const purl = plainUrl(packageUrl)
  return { type: 'library', 'bom-ref': ref, name, version, ...(purl !== undefined && { purl }) }
}

function refOf({ name, version, type, packageUrl }: FoundPackage): string {
  return packageUrl === '' ? `${type} ${name} ${version}` : packageUrl
}
