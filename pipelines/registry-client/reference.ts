import { type Digest, isDigest } from '../../lib/digest.ts'
import { RegistryError } from './error.ts'

export interface Repository {
  /** Host with its port, as a login file names it. */
  host: string
  /** Repository name within the host. */
  name: string
}

/** A repository to publish to; `tag` is absent when none was written. */
export interface PushTarget extends Repository {
  tag?: string
}

/** What is in a registry. `version` is the digest, else the tag, else `latest`. */
export interface Reference extends Repository {
  version: string
}

interface WrittenReference extends PushTarget {
  digest?: Digest
}

const namePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const label = '[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?'
const hostPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?$`)
const tagPattern = /^\w[\w.-]{0,127}$/
const targetWords = 'as a place to publish to'

/** Reads `host/name[:tag]` as a place to write to. Throws `bad-reference`. */
export function parsePushTarget(text: string): PushTarget {
  if (text.includes('@'))
    throw badReference(text, targetWords, {
      found: 'a digest is computed, never chosen',
      hint: 'leave out the part after @',
    })
  return parseWritten(text, targetWords)
}

/** Reads `[host/]name[:tag][@digest]` as something to read. Throws `bad-reference`. */
export function parseReference(text: string): Reference {
  const { host, name, tag, digest } = parseWritten(text, 'as a reference')
  return { host, name, version: digest ?? tag ?? 'latest' }
}

/** Whether a text names a host and what is there, as no name of a store does. */
export function namesHost(text: string): boolean {
  const [first = '', ...rest] = text.split('/')
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') && hostPattern.test(first)
}

/** A name without a host is Docker Hub's, as Docker has it. */
function parseWritten(text: string, words: string): WrittenReference {
  const [, before = '', digest] = /^([^@]*)(?:@(.*))?$/s.exec(text) ?? []
  const [, path = '', tag] = /^(.*?)(?::([^/]*))?$/.exec(before) ?? []
  const [first = '', ...rest] = path.split('/')
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const name = hasHost ? rest.join('/') : path
  if (!namePattern.test(name) || name.length > 255)
    throw badReference(text, words, {
      found: `"${name}" is not a repository name`,
      hint: 'use lower-case letters, digits and . _ - /',
    })
  if (hasHost && !hostPattern.test(first))
    throw badReference(text, words, {
      found: `"${first}" is not a host`,
      hint: 'write host/name or host:port/name',
    })
  if (tag !== undefined) requireTag(tag)
  if (digest !== undefined && !isDigest(digest))
    throw badReference(text, words, {
      found: 'what stands after @ is no sha256 digest',
      hint: 'write host/name:tag or host/name@sha256:…',
    })
  const host = hasHost && !hubNames.includes(first) ? first : dockerHub
  const full = host === dockerHub && !name.includes('/') ? `library/${name}` : name
  return { host, name: full, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) }
}

/** Throws `bad-reference` unless the text is a tag. */
export function requireTag(text: string): string {
  if (tagPattern.test(text)) return text
  throw badReference(text, 'as a tag', {
    found: 'it is none',
    hint: 'a tag is 1 to 128 letters, digits and . _ -',
  })
}

/** Registries on this machine speak plain HTTP, as every container tool assumes. */
export function originOf(host: string): string {
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host)
  return `${isLocal ? 'http' : 'https'}://${host}`
}

/** `host/name`, as people and container tools write it: Docker Hub's API has another host than its images. */
export function repositoryOf({ host, name }: Repository): string {
  return `${host === dockerHub ? 'docker.io' : host}/${name}`
}

const dockerHub = 'registry-1.docker.io'
const hubNames = ['docker.io', 'index.docker.io']

function badReference(
  text: string,
  words: string,
  { found, hint }: { found: string; hint: string },
): RegistryError {
  return new RegistryError('bad-reference', { attempted: `read "${text}" ${words}`, found, hint })
}
