import { bundleOf } from '../../recipes/certificates.ts'
import type { Lock } from '../../recipes/lock.ts'
import type { Deployment, Refusal } from '../engines/engine.ts'
import { certificatesPath, type SettingsFile } from '../tree/settings.ts'

/** Refuses to keep certificates where the base has none: Debian's slim bases come without. */
export function trustRefusals({ recipe, runtime }: Pick<Deployment, 'recipe' | 'runtime'>): Refusal[] {
  const { trust, base } = recipe.image
  if (trust !== 'keep' || runtime.source.type === 'upstream' || base !== undefined) return []
  return [
    {
      path: 'image.trust',
      found: `keep, and ${runtime.source.base} has no certificates`,
      hint: 'name a base that has them in image.base, or take the official image (engine.runtime: upstream)',
    },
  ]
}

/** The certificates of a recipe's files, where Debian keeps its own. */
export function trustFiles({ trust }: Lock): SettingsFile[] {
  if (trust === undefined) return []
  return [
    { type: 'folder', path: '/etc/ssl', mode: '0755' },
    { type: 'folder', path: '/etc/ssl/certs', mode: '0755' },
    { type: 'file', path: certificatesPath, mode: '0644', content: bundleOf(trust) },
  ]
}

/** A certificate of the recipe's files, as a plan names it. */
export interface TrustedCertificate {
  subject: string
  sha256: string
  notAfter: string
}

/** What a plan says of them. */
export function trustedOf({ trust }: Lock): { trust?: TrustedCertificate[] } {
  if (trust === undefined) return {}
  const certificates = trust.flatMap((file) => file.certificates)
  return { trust: certificates.map(({ subject, sha256, notAfter }) => ({ subject, sha256, notAfter })) }
}

/** OpenSSL, Go and Python's ssl ask the first; requests and curl bring lists of their own unless theirs is set. */
export function trustVariables({ trust }: Lock): Record<string, string> {
  if (trust === undefined) return {}
  const names = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE']
  return Object.fromEntries(names.map((name) => [name, certificatesPath]))
}

/** Says that a model that sees cannot fetch what it is asked about, where the certificates go. */
export function trustDoubts({ recipe, facts }: Deployment): string[] {
  const { trust, slim } = recipe.image
  const goes = trust === undefined && (slim === true || (slim !== false && slim.includes('safe')))
  if (!goes || !facts?.vision) return []
  return [
    'the model takes images, and the rule trust-store removes the certificates: an image_url by https cannot be fetched; send images as data, or set image.trust',
  ]
}
