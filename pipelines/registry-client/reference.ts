import { PublishError } from './error.ts'

/** A repository to publish to; `tag` is absent when none was written. */
export interface Target {
  /** Host with its port, as a login file names it. */
  host: string
  /** Repository name within the host. */
  name: string
  tag?: string
}

const namePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const tagPattern = /^\w[\w.-]{0,127}$/

/** Reads `host/name[:tag]`; a name without a host is Docker Hub's, as Docker has it. Throws `bad-reference`. */
export function parseTarget(text: string): Target {
  if (text.includes('@'))
    throw badReference(text, 'a digest is computed, never chosen', 'leave out the part after @')
  const [, path = '', tag] = /^(.*?)(?::([^/]*))?$/.exec(text) ?? []
  const [first = '', ...rest] = path.split('/')
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const name = hasHost ? rest.join('/') : rest.length === 0 ? `library/${path}` : path
  if (!namePattern.test(name) || name.length > 255)
    throw badReference(
      text,
      `"${name}" is not a repository name`,
      'use lower-case letters, digits and . _ - /',
    )
  if (tag !== undefined) requireTag(tag)
  const host = hasHost ? hostOf(first) : dockerHub
  const full = host === dockerHub && !name.includes('/') ? `library/${name}` : name
  return { host, name: full, ...(tag !== undefined && { tag }) }
}

/** Throws `bad-reference` unless the text is a tag. */
export function requireTag(text: string): string {
  if (tagPattern.test(text)) return text
  throw badReference(text, 'it is not a tag', 'a tag is 1 to 128 letters, digits and . _ -')
}

/** Registries on this machine speak plain HTTP, as every container tool assumes. */
export function originOf(host: string): string {
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host)
  return `${isLocal ? 'http' : 'https'}://${host}`
}

/** `host/name`, as people and container tools write it: Docker Hub's API has another host than its images. */
export function repositoryOf({ host, name }: Target): string {
  return `${host === dockerHub ? 'docker.io' : host}/${name}`
}

const dockerHub = 'registry-1.docker.io'

function hostOf(written: string): string {
  return written === 'docker.io' || written === 'index.docker.io' ? dockerHub : written
}

function badReference(text: string, found: string, hint: string): PublishError {
  return new PublishError('bad-reference', {
    attempted: `read "${text}" as a place to publish to`,
    found,
    hint,
  })
}
