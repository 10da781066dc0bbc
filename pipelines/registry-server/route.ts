import { type Digest, isDigest } from '../../lib/digest.ts'
import { RegistryServerError } from './error.ts'

/** What a path of the distribution spec names. `name` is the repository. */
export type Route =
  | { type: 'root' }
  | { type: 'blob'; name: string; digest: Digest }
  | { type: 'uploads'; name: string }
  | { type: 'upload'; name: string; id: string }
  | { type: 'manifest'; name: string; reference: string }
  | { type: 'tags'; name: string }
  | { type: 'referrers'; name: string; digest: Digest }

export type RouteOf<Type extends Route['type']> = Extract<Route, { type: Type }>

const namePattern = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** Undefined for a path that is not of the registry's. Throws `NAME_INVALID`, `DIGEST_INVALID`, `MANIFEST_INVALID`. */
export function parseRoute(path: string): Route | undefined {
  if (path === '/v2' || path === '/v2/') return { type: 'root' }
  const match = /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests|tags|referrers)\/([^/]*)$/.exec(path)
  if (!match) return undefined
  const [, name = '', kind, last = ''] = match
  if (!namePattern.test(name) || name.length > 255)
    throw invalid('NAME_INVALID', `use repository ${name}`, 'it is not a repository name')
  if (kind === 'blobs/uploads')
    return last === '' ? { type: 'uploads', name } : { type: 'upload', name, id: last }
  if (kind === 'blobs') return { type: 'blob', name, digest: requireDigest(last) }
  if (kind === 'manifests') return { type: 'manifest', name, reference: requireTagOrDigest(last) }
  if (kind === 'referrers') return { type: 'referrers', name, digest: requireDigest(last) }
  return last === 'list' ? { type: 'tags', name } : undefined
}

/** Throws `DIGEST_INVALID` for anything but sha256, the store's only algorithm. */
export function requireDigest(text: string | null): Digest {
  if (text !== null && isDigest(text)) return text
  throw invalid('DIGEST_INVALID', `use digest ${text}`, 'it is not sha256: and 64 hex digits')
}

function requireTagOrDigest(text: string): string {
  if (text.includes(':')) return requireDigest(text)
  if (tagPattern.test(text)) return text
  throw invalid('MANIFEST_INVALID', `use tag ${text}`, 'it is neither a tag nor a digest')
}

function invalid(
  code: 'NAME_INVALID' | 'DIGEST_INVALID' | 'MANIFEST_INVALID',
  attempted: string,
  found: string,
) {
  return new RegistryServerError(code, {
    attempted,
    found,
    hint: 'see the OCI distribution spec for the form',
  })
}
