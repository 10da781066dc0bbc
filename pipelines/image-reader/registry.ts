import { mediaTypes } from '../../images/oci/oci.ts'
import { type Digest, digestOf } from '../../lib/digest.ts'
import { type RetryPolicy, withRetry } from '../network/retry.ts'
import { acceptManifests } from '../registry-client/oci-documents.ts'
import { openConnection } from '../weights/connection.ts'
import { WeightsError } from '../weights/error.ts'
import { getText } from '../weights/http.ts'
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
  readFrom(digest: Digest, sizeBytes: number, offset: number): AsyncIterable<Uint8Array>
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
    explainedLater(reference, async () => {
      const read = () => getText(`${url}/${path}`, { ...http, headers })
      return (await withRetry(read, retry, signal)).text
    })
  async function* readFrom(digest: Digest, sizeBytes: number, offset: number): AsyncGenerator<Uint8Array> {
    const file = { path: `${reference} ${digest}`, sizeBytes }
    const from = (_: typeof file, position: number) =>
      readRange(`${url}/blobs/${digest}`, position, sizeBytes, http)
    try {
      yield* readPersistently(from, file, offset, session)
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
    text: (digest) => readText(`blobs/${digest}`, {}),
    read: (digest, sizeBytes) => readFrom(digest, sizeBytes, 0),
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

function wrongManifest(reference: string, found: Digest): SizeError {
  return new SizeError('network', {
    attempted: `read the manifest of ${reference}`,
    found: `the registry sent ${found}`,
    hint: 'a proxy or a mirror changed it on its way',
  })
}
