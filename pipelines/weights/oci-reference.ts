import { isDigest } from '../../lib/digest.ts'
import { WeightsError } from './error.ts'

/** An artifact in a registry. `version` is a tag or a digest. */
export interface OciReference {
  host: string
  name: string
  version: string
}

/** Reads `[host/]name[:tag][@digest]`; without a host it is Docker Hub, as Docker has it. Throws `bad-answer`. */
export function parseOciReference(text: string): OciReference {
  const match =
    /^(?:([A-Za-z0-9[][^/]*)\/)?([a-z0-9][a-z0-9._/-]*?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(
      text,
    )
  const [, first, rest = '', tag, digest] = match ?? []
  if (!match || (digest !== undefined && !isDigest(digest)))
    throw new WeightsError('bad-answer', {
      attempted: `read "${text}" as a reference`,
      found: 'it is not host/name:tag or host/name@sha256:…',
      hint: 'correct `reference` in the recipe',
    })
  const version = digest ?? tag ?? 'latest'
  const isHub = first === 'docker.io' || first === 'index.docker.io'
  if (isHub)
    return { host: 'registry-1.docker.io', name: rest.includes('/') ? rest : `library/${rest}`, version }
  if (first !== undefined && /[.:]|^localhost$/.test(first)) return { host: first, name: rest, version }
  const name = first === undefined ? `library/${rest}` : `${first}/${rest}`
  return { host: 'registry-1.docker.io', name, version }
}

/** Registries on this machine speak plain HTTP, as every container tool assumes. */
export function registryUrl({ host, name }: OciReference): string {
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host)
  return `${isLocal ? 'http' : 'https'}://${host}/v2/${name}`
}
