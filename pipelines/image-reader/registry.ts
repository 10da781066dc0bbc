import type { Descriptor } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { openConnection } from '../network/connection.ts'
import { RemoteError } from '../network/error.ts'
import type { LoginSettings } from '../network/login.ts'
import type { RetryPolicy } from '../network/retry.ts'
import { RegistryError } from '../registry-client/error.ts'
import {
  findReferrers,
  openReader,
  readBlobFrom,
  readManifest,
  readSmallBlob,
} from '../registry-client/read.ts'
import { parseReference, type Reference } from '../registry-client/reference.ts'
import type { Settings } from '../settings/settings.ts'
import { SizeError } from './error.ts'
import type { BlobPlace } from './image.ts'

export type RegistrySettings = LoginSettings & Pick<Settings, 'proxies'>

export interface RegistryOptions {
  settings: RegistrySettings
  signal?: AbortSignal
  retry?: RetryPolicy
}

export interface RegistryPlace extends BlobPlace {
  /** The blob from `offset` on. */
  readFrom(digest: Digest, sizeBytes: number, offset: number, own?: AbortSignal): AsyncIterable<Uint8Array>
  /** The manifests that refer to this one. */
  referrers(digest: Digest): Promise<Descriptor[]>
}

/** A repository of a registry, read with the login of docker or podman where there is one. A broken download goes on. */
export function registryPlace(reference: string, options: RegistryOptions): RegistryPlace {
  const parsed = parsedReference(reference)
  const connection = openConnection(options.settings.proxies)
  const session = openReader(parsed, { ...options, fetch: connection.fetch })
  const explained = <Value>(act: Promise<Value>): Promise<Value> =>
    act.catch((error: unknown) => {
      throw asSizeError(reference, error)
    })
  async function* readFrom(
    digest: Digest,
    size: number,
    offset: number,
    own?: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* readBlobFrom(own ? session.within(own) : session, { digest, size }, offset)
    } catch (error) {
      throw asSizeError(reference, error)
    }
  }
  return {
    reference,
    manifest: async (digest) => (await explained(readManifest(session, digest ?? parsed.version))).text,
    text: async (digest) => (await explained(readSmallBlob(session, digest))).text,
    read: (digest, sizeBytes, own) => readFrom(digest, sizeBytes, 0, own),
    readFrom,
    referrers: (digest) => explained(findReferrers(session, digest)),
    close: connection.close,
  }
}

function parsedReference(reference: string): Reference {
  try {
    return parseReference(reference)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    throw new SizeError('bad-reference', {
      attempted: `find the image ${reference}`,
      found: 'the store has no such name, there is no such file, and it is no host/name:tag',
      hint: '`ingot list` shows the store; a layout is oci:FOLDER[:TAG], an archive FILE.tar',
    })
  }
}

/** What a person can do about what the registry said. */
function asSizeError(reference: string, error: unknown): unknown {
  if (!(error instanceof RemoteError)) return error
  const { failure } = error
  const attempted = `read the image ${reference}`
  if (error.code === 'unauthorized' || error.code === 'denied')
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
  if (error.code === 'mismatch') return new SizeError('network', { ...failure, attempted, cause: error })
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
