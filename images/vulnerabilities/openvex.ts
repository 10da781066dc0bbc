import { type Digest, digestOf, hexOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import type { JudgedFinding } from './evidence.ts'

/** An image that a document speaks of. */
export interface VexImage {
  name: string
  digest: Digest
}

export interface VexDocument {
  image: VexImage
  findings: readonly JudgedFinding[]
  /** RFC 3339; the time of the database, so that the same scan gives the same bytes. */
  time: string
}

const context = 'https://openvex.dev/ns/v0.2.0'

/** What attestations of it are called: cosign's `--type openvex` stands for this. */
export const openVexType = 'https://openvex.dev/ns'

/**
 * The findings that are proven away, as OpenVEX 0.2.0 (https://github.com/openvex/spec): `not_affected`, because
 * `vulnerable_code_not_present`, each with its evidence. Of all others it says nothing. Undefined where none is proven.
 */
export function openVex({ image, findings, time }: VexDocument): string | undefined {
  const statements = findings.flatMap((judged) => statementsOf(judged, image))
  if (statements.length === 0) return undefined
  const content = { '@context': context, author: 'ingot', timestamp: time, version: 1, statements }
  const id = hexOf(digestOf(canonicalJson(content satisfies Json)))
  return canonicalJson({ ...content, '@id': `urn:dev.ingot:vex:${id}` })
}

function statementsOf({ finding, evidence }: JudgedFinding, image: VexImage): { [key: string]: Json }[] {
  const packageUrl = plainUrl(finding.package.packageUrl)
  // Without its URL a scanner's package cannot be named, and a statement would count for every package.
  if (evidence === undefined || packageUrl === undefined) return []
  const { id, aliases, source } = finding
  return [
    {
      vulnerability: {
        name: id,
        ...(source !== '' && { '@id': source }),
        ...(aliases.length > 0 && { aliases }),
      },
      products: productsOf(image, packageUrl),
      status: 'not_affected',
      justification: 'vulnerable_code_not_present',
      impact_statement: evidence.text,
    },
  ]
}

/** The image as scanners name it: by its package URL, and by the digest alone, whatever repository it lies in. */
function productsOf({ name, digest }: VexImage, packageUrl: string): Json[] {
  return [
    {
      '@id': `pkg:oci/${name}@${encodeURIComponent(digest)}`,
      hashes: { 'sha-256': hexOf(digest) },
      subcomponents: [{ '@id': packageUrl }],
    },
  ]
}

/** Other scanners write other qualifiers of the same package: only the architecture stays, which tells two packages apart. */
export function plainUrl(packageUrl: string): string | undefined {
  const [, path, qualifiers = ''] = /^(pkg:[^?#]+)(?:\?([^#]*))?/.exec(packageUrl) ?? []
  if (path === undefined) return undefined
  const architecture = qualifiers.split('&').find((one) => one.startsWith('arch='))
  return architecture === undefined ? path : `${path}?${architecture}`
}
