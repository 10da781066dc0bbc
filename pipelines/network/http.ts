import { publicUrl } from './address.ts'
import { NetworkError } from './error.ts'
import type { Fetch, FetchOptions, HttpAnswer } from './exchange.ts'
import { retryAfterMs } from './retry.ts'

export interface HttpOptions extends FetchOptions {
  fetch: Fetch
}

/**
 * GET with redirects followed. Gives the answer for every 2xx; throws `NetworkError` for all else: `unauthorized` (401,
 * 403), `not-found` (404, 410), `network` (what may pass, no connection, stall), `bad-answer`.
 */
export async function get(url: string, { fetch, ...options }: HttpOptions): Promise<HttpAnswer> {
  const answer = await fetch(url, options)
  if (answer.status >= 200 && answer.status < 300) return answer
  answer.discard()
  throw statusError(url, answer)
}

/** The whole body as bytes. For small answers only. */
export async function getBytes(url: string, options: HttpOptions): Promise<HttpAnswer & { bytes: Buffer }> {
  const answer = await get(url, options)
  return { ...answer, bytes: await wholeBody(answer, url) }
}

/** The whole body as text. For small answers only. */
export async function getText(url: string, options: HttpOptions): Promise<HttpAnswer & { text: string }> {
  const { bytes, ...answer } = await getBytes(url, options)
  return { ...answer, text: bytes.toString('utf8') }
}

// Above any list of a large repository, and above any manifest: registries refuse those over 4 MiB.
const wholeLimitBytes = 64 * 1024 * 1024

/** Throws `bad-answer` for what is too large to be kept in memory. */
export async function wholeBody({ body }: Pick<HttpAnswer, 'body'>, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > wholeLimitBytes) throw tooLarge(url)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** What may pass by itself. 501 and 505 say that the server will never do it; 511 waits for a person at a portal. */
export function isTransientStatus(status: number): boolean {
  return (
    [408, 425, 429].includes(status) || (status >= 500 && status < 600 && ![501, 505, 511].includes(status))
  )
}

function statusError(url: string, { status, headers }: HttpAnswer): NetworkError {
  const failure = { attempted: `read ${publicUrl(url)}`, found: `the server answered ${status}` }
  if (status === 401 || status === 403)
    return new NetworkError('unauthorized', {
      ...failure,
      hint: 'give credentials that may read this address',
    })
  if (status === 404 || status === 410)
    return new NetworkError('not-found', { ...failure, hint: 'check the name and the version' })
  if (isTransientStatus(status))
    return new NetworkError(
      'network',
      { ...failure, hint: 'the server is busy or broken; try again later' },
      { retryAfterMs: retryAfterMs(headers.get('retry-after')) },
    )
  return new NetworkError('bad-answer', {
    ...failure,
    found: `${failure.found}${redirectText(status)}`,
    hint: 'open the address by hand to see what it says',
  })
}

/** Redirects that lead somewhere are followed. */
export function redirectText(status: number): string {
  return status >= 300 && status < 400 ? ', a redirect that leads nowhere' : ''
}

function tooLarge(url: string): NetworkError {
  return new NetworkError('bad-answer', {
    attempted: `read ${publicUrl(url)}`,
    found: `the answer is larger than ${wholeLimitBytes} bytes`,
    hint: 'check that the address is the one that is meant',
  })
}
