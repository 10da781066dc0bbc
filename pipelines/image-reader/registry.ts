import { z } from 'zod'
import { mediaTypes } from '../../images/oci/oci.ts'
import { type Digest, digestOf } from '../../lib/digest.ts'
import { publicUrl } from '../network/address.ts'
import { kindOfAnswer, portalHint, readAnswer } from '../network/answer.ts'
import { type RetryPolicy, withRetry } from '../network/retry.ts'
import { acceptManifests } from '../registry-client/oci-documents.ts'
import { openConnection } from '../weights/connection.ts'
import { WeightsError } from '../weights/error.ts'
import { getText, type HttpOptions } from '../weights/http.ts'
import { parseOciReference, registryUrl } from '../weights/oci-reference.ts'
import { readPersistently } from '../weights/persistent.ts'
import { readRange } from '../weights/ranged.ts'
import { registryFetch } from '../weights/registry-access.ts'
import { SizeError } from './error.ts'
import type { BlobPlace } from './image.ts'

export interface RegistryOptions {
  environment: NodeJS.ProcessEnv
  signal?: AbortSignal
  retry?: RetryPolicy
}

export interface RegistryPlace extends BlobPlace {
  /** The blob from `offset` on. */
  readFrom(digest: Digest, sizeBytes: number, offset: number, own?: AbortSignal): AsyncIterable<Uint8Array>
  /** An index of the manifests that refer to this one; undefined where the registry knows of none. */
  referrers(digest: Digest): Promise<string | undefined>
}

/** A repository of a registry, read with the login of docker or podman where there is one. A broken download goes on. */
export function registryPlace(reference: string, options: RegistryOptions): RegistryPlace {
  const parsed = explained(reference, () => parseOciReference(reference))
  const { signal, retry } = options
  const connection = openConnection(options.environment)
  const session = { recipeFolder: '.', ...options, fetch: connection.fetch }
  const http = { ...session, fetch: registryFetch(parsed.host, session) }
  const url = registryUrl(parsed)
  const readText = (path: string, headers: Record<string, string>) =>
    explainedLater(reference, () =>
      withRetry(() => readDocument(`${url}/${path}`, { ...http, headers }), retry, signal),
    )
  async function* readFrom(
    digest: Digest,
    sizeBytes: number,
    offset: number,
    own?: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const file = { path: `${reference} ${digest}`, sizeBytes }
    const ended = endedBy(signal, own)
    const from = (_: typeof file, position: number) =>
      readRange(`${url}/blobs/${digest}`, position, sizeBytes, { ...http, ...ended })
    try {
      yield* readPersistently(from, file, offset, { ...session, ...ended })
    } catch (error) {
      throw asSizeError(reference, error)
    }
  }
  const readIfThere = (path: string) => unlessMissing(readText(path, { accept: mediaTypes.index }))
  return {
    reference,
    manifest: async (digest) => {
      const wanted = digest ?? parsed.version
      const text = await readText(`manifests/${wanted}`, { accept: acceptManifests })
      return requireDigest(reference, wanted, text)
    },
    text: async (digest) => requireDigest(reference, digest, await readText(`blobs/${digest}`, {})),
    read: (digest, sizeBytes, own) => readFrom(digest, sizeBytes, 0, own),
    readFrom,
    // Registries from before the referrers API have the index under a tag.
    referrers: async (digest) =>
      (await readIfThere(`referrers/${digest}`)) ?? readIfThere(`manifests/${digest.replace(':', '-')}`),
    close: connection.close,
  }
}

function unlessMissing(reading: Promise<string>): Promise<string | undefined> {
  return reading.catch((error: unknown) => {
    if (error instanceof SizeError && error.code === 'no-image') return undefined
    throw error
  })
}

/** The text of a manifest; throws `network` where another was asked for by its digest. */
function endedBy(...given: readonly (AbortSignal | undefined)[]): { signal?: AbortSignal } {
  const signals = given.filter((one) => one !== undefined)
  return signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}
}

async function readDocument(address: string, options: HttpOptions): Promise<string> {
  const answer = await getText(address, options)
  requireDocument(address, answer.text, answer.headers.get('content-type'))
  return answer.text
}

function requireDigest(reference: string, wanted: string, text: string): string {
  const found = digestOf(text)
  if (!wanted.startsWith('sha256:') || found === wanted) return text
  throw wrongManifest(reference, found)
}

function explained<Value>(reference: string, act: () => Value): Value {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error
    throw new SizeError('bad-reference', {
      attempted: `find the image ${reference}`,
      found: 'the store has no such name, there is no such file, and it is no host/name:tag',
      hint: '`ingot list` shows the store; a layout is oci:FOLDER[:TAG], an archive FILE.tar',
    })
  }
}

async function explainedLater<Value>(reference: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act()
  } catch (error) {
    throw asSizeError(reference, error)
  }
}

/** What a person can do about what the registry said. */
function asSizeError(reference: string, error: unknown): unknown {
  if (!(error instanceof WeightsError)) return error
  const { failure } = error
  const attempted = `read the image ${reference}`
  if (error.code === 'unauthorized')
    return new SizeError('unauthorized', {
      attempted,
      found: failure.found,
      hint: 'check the name, since registries refuse what does not exist as well; then log in with `docker login` or `podman login`',
      cause: error,
    })
  if (error.code === 'not-found')
    return new SizeError('no-image', {
      attempted,
      found: `${failure.attempted}: ${failure.found}`,
      hint: `check name and tag${bareWords(reference)}`,
      cause: error,
    })
  if (error.code === 'bad-answer')
    return new SizeError('bad-answer', { ...failure, attempted: `${attempted}: ${failure.attempted}` })
  return new SizeError('network', {
    attempted,
    found: `${failure.attempted}: ${failure.found}`,
    hint: `check the host and the connection; a proxy is taken from HTTPS_PROXY, extra CAs from NODE_EXTRA_CA_CERTS${bareWords(reference)}`,
    cause: error,
  })
}

/** Who writes a name without a host may mean an image of the store. */
function bareWords(reference: string): string {
  return reference.includes('/')
    ? ''
    : '; the store has no such name, so it was looked for on Docker Hub; `ingot list` shows the store'
}

const documentSchema = z.looseObject({})

/** Manifests, indexes and configurations are JSON objects, all of them. */
function requireDocument(url: string, text: string, contentType: string | null): void {
  if (readAnswer(documentSchema, { text, contentType }).ok) return
  throw new WeightsError('bad-answer', {
    attempted: `read ${publicUrl(url)}`,
    found: `the server sent ${kindOfAnswer({ text, contentType })}`,
    hint: `check that the host is a registry; ${portalHint}`,
  })
}

function wrongManifest(reference: string, found: Digest): SizeError {
  return new SizeError('network', {
    attempted: `read the manifest of ${reference}`,
    found: `the registry sent ${found}`,
    hint: 'a proxy or a mirror changed it on its way',
  })
}
