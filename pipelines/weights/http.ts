import { optional } from '../../lib/optional.ts'
import { publicUrl } from '../network/address.ts'
import { ConnectionFailure, wordsOf } from '../network/connection-failure.ts'
import { retryAfterMs } from '../network/retry.ts'
import { sayWait, timeText } from '../network/waiting.ts'
import type { Answer, Fetch } from './connection.ts'
import { WeightsError } from './error.ts'

export interface HttpOptions {
  fetch: Fetch
  headers?: Record<string, string>
  /** Sent by POST; without it the request is a GET. */
  body?: Uint8Array
  signal?: AbortSignal
  /** A connection that sends nothing for this long counts as cut. Default one minute. */
  stallMs?: number
}

/**
 * GET with redirects followed. Gives the answer for every 2xx; throws `WeightsError` for all else: `unauthorized` (401,
 * 403), `not-found` (404, 410), `network` (408, 429, 5xx, no connection, stall), `bad-answer`.
 */
export async function get(url: string, options: HttpOptions): Promise<Watched> {
  const watch = startWatch(url, options)
  try {
    const answer = await options.fetch(url, {
      ...optional('headers', options.headers),
      ...optional('body', options.body),
      signal: watch.signal,
    })
    if (answer.status < 200 || answer.status > 299) {
      answer.discard()
      throw statusError(url, answer)
    }
    const { status, headers, url: finalUrl } = answer
    return { status, headers, url: finalUrl, bytes: () => watched(url, answer, watch, options.signal) }
  } catch (error) {
    watch.disarm()
    throw asNetworkError(url, error, options.signal)
  }
}

export interface Watched {
  status: number
  headers: Headers
  /** Address after redirects. */
  url: string
  /** The body, to be read to its end or left; a connection that ends early or stalls throws `network`. */
  bytes(): AsyncGenerator<Uint8Array>
}

/** The whole body as text. For small answers only. */
export async function getText(url: string, options: HttpOptions): Promise<Watched & { text: string }> {
  const answer = await get(url, options)
  const chunks = []
  for await (const chunk of answer.bytes()) chunks.push(chunk)
  return { ...answer, text: Buffer.concat(chunks).toString('utf8') }
}

interface Watch {
  /** Of the caller, and of this watch. */
  signal: AbortSignal
  arm(): void
  disarm(): void
}

const silentMs = 5000

/** Aborts when it was armed for too long: the server sent nothing, or the connection is dead. Told after 5 s of it. */
function startWatch(url: string, { signal, stallMs = 60_000 }: HttpOptions): Watch {
  const stalled = new AbortController()
  let timer: NodeJS.Timeout | undefined
  function wait(ms: number, then: () => void): void {
    clearTimeout(timer)
    timer = setTimeout(then, ms).unref()
  }
  const abort = () => stalled.abort(new Error(`no byte for ${stallMs / 1000} s`))
  const watch: Watch = {
    signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
    arm: () => {
      if (stallMs <= silentMs) return wait(stallMs, abort)
      wait(silentMs, () => {
        sayWait(`${publicUrl(url)} sends nothing; gives up after ${timeText(stallMs)} of that`)
        wait(stallMs - silentMs, abort)
      })
    },
    disarm: () => clearTimeout(timer),
  }
  watch.arm()
  return watch
}

/** Not watched while the consumer works: a slow disk is not a slow server. */
async function* watched(
  url: string,
  answer: Answer,
  watch: Watch,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer.body) {
      watch.disarm()
      yield chunk
      watch.arm()
    }
  } catch (error) {
    throw asNetworkError(url, error, signal)
  } finally {
    watch.disarm()
  }
}

/** What a failed request means: the caller's own reason when it was stopped, else `network`. */
export function asNetworkError(url: string, error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof WeightsError) return error
  if (signal?.aborted) return signal.reason
  const failed = error instanceof ConnectionFailure ? error : undefined
  return new WeightsError(
    failed?.kind === 'refused' ? 'bad-answer' : 'network',
    {
      attempted: `read ${publicUrl(url)}`,
      found: wordsOf(error),
      hint: 'check the address and the connection; a proxy is taken from HTTPS_PROXY, extra CAs from NODE_EXTRA_CA_CERTS',
      cause: error,
    },
    { isHopeless: failed?.isFirst ?? false },
  )
}

function statusError(url: string, { status, headers }: Answer): WeightsError {
  const failure = { attempted: `read ${publicUrl(url)}`, found: `the server answered ${status}` }
  if (status === 401 || status === 403)
    return new WeightsError('unauthorized', {
      ...failure,
      hint: 'give credentials that may read this address',
    })
  if (status === 404 || status === 410)
    return new WeightsError('not-found', { ...failure, hint: 'check the name and the version in the recipe' })
  if (status === 408 || status === 429 || status >= 500)
    return new WeightsError(
      'network',
      { ...failure, hint: 'the server is busy or broken; try again later' },
      { retryAfterMs: retryAfterMs(headers.get('retry-after')) },
    )
  return new WeightsError('bad-answer', { ...failure, hint: 'open the address by hand to see what it says' })
}
