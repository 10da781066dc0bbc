import { type ClientRequest, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { messageOf } from '../../lib/error.ts'
import { publicUrl } from '../network/address.ts'
import { answerOf, type WireAnswer } from './answer.ts'
import { type Body, SourceFailure, sendBody, sizeOf } from './body.ts'
import { PublishError } from './error.ts'

export interface WireRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT'
  url: string
  headers?: Record<string, string>
  body?: Body
}

export interface Transport {
  /** Throws `network` when there is no answer: no connection, a cut, or nothing moving for the stall time. */
  send(wanted: WireRequest): Promise<WireAnswer>
  close(): Promise<void>
}

export interface TransportOptions {
  environment: NodeJS.ProcessEnv
  signal?: AbortSignal
  /** A connection on which nothing moves for this long counts as cut. Default one minute. */
  stallMs?: number
}

// A registry that has all bytes may hash or copy them before it answers; the slowest storage does 20 MB/s.
const committedBytesPerMs = 20_000

/**
 * HTTP for publishing: proxies as the environment says, no redirects, no retries. Node's own client, which sends a buffer
 * without copying it (docs/decisions/060).
 */
export function openTransport(options: TransportOptions): Transport {
  const { stallMs = 60_000, environment } = options
  const settings = { keepAlive: true, proxyEnv: environment }
  const agents = { 'http:': new PlainAgent(settings), 'https:': new SecureAgent(settings) }
  function open({ url, method, headers, body }: WireRequest): ClientRequest {
    const { protocol } = new URL(url)
    const hasLength = body !== undefined || (method !== 'GET' && method !== 'HEAD')
    const all = { ...headers, ...(hasLength && { 'content-length': String(sizeOf(body)) }) }
    return protocol === 'https:'
      ? secureRequest(url, { method, headers: all, agent: agents['https:'] })
      : plainRequest(url, { method, headers: all, agent: agents['http:'] })
  }
  return {
    send: (wanted) => send(wanted, open(wanted), stallMs, options.signal),
    async close() {
      agents['http:'].destroy()
      agents['https:'].destroy()
    },
  }
}

async function send(
  wanted: WireRequest,
  request: ClientRequest,
  stallMs: number,
  signal: AbortSignal | undefined,
): Promise<WireAnswer> {
  const interrupt = () => void request.destroy()
  signal?.addEventListener('abort', interrupt)
  const watch = watchOver(request, stallMs)
  const answered = answerOf(request, wanted.url, watch.touch)
  try {
    // An answer that comes before all is sent says that the rest is not wanted.
    await Promise.race([sendBody(request, wanted.body, watch.touch), answered])
    watch.touch(sizeOf(wanted.body) / committedBytesPerMs)
    return await answered
  } catch (error) {
    throw sendFailure(wanted, error, signal)
  } finally {
    watch.stop()
    signal?.removeEventListener('abort', interrupt)
    if (!request.writableFinished) request.destroy()
  }
}

/** Ends a request on which nothing moves; `touch` says that something did, and how much longer than usual to wait. */
function watchOver(request: ClientRequest, stallMs: number) {
  let timer: NodeJS.Timeout | undefined
  function touch(extraMs = 0): void {
    clearTimeout(timer)
    timer = setTimeout(
      () => request.destroy(new Error(`nothing moved for ${(stallMs + extraMs) / 1000} s`)),
      stallMs + extraMs,
    )
  }
  touch()
  return { touch, stop: () => clearTimeout(timer) }
}

/** What the person must know first: an interruption, then a fault of our own source, then the connection. */
function sendFailure(wanted: WireRequest, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason
  if (error instanceof SourceFailure) return error.cause
  if (error instanceof PublishError) return error
  return new PublishError('network', {
    attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
    found: messageOf(error) || 'the connection failed',
    hint: 'check the connection to the registry; a proxy is taken from HTTPS_PROXY, extra CAs from NODE_EXTRA_CA_CERTS',
    cause: error,
  })
}
