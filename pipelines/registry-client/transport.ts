import { type ClientRequest, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { publicUrl } from '../network/address.ts'
import { ConnectionFailure, wordsOf } from '../network/connection-failure.ts'
import { sayWait, timeText } from '../network/waiting.ts'
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
  send(wanted: WireRequest, signal?: AbortSignal): Promise<WireAnswer>
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
  // Hosts that answered: one that did is given time to come back, where one that never did is likelier a wrong address.
  const answered = new Set<string>()
  function open({ url, method, headers, body }: WireRequest): ClientRequest {
    const { protocol } = new URL(url)
    const hasLength = body !== undefined || (method !== 'GET' && method !== 'HEAD')
    const all = { ...headers, ...(hasLength && { 'content-length': String(sizeOf(body)) }) }
    return protocol === 'https:'
      ? secureRequest(url, { method, headers: all, agent: agents['https:'] })
      : plainRequest(url, { method, headers: all, agent: agents['http:'] })
  }
  return {
    send: async (wanted, own) => {
      const { host } = new URL(wanted.url)
      const signals = [options.signal, own].filter((signal) => signal !== undefined)
      const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0]
      signal?.throwIfAborted()
      try {
        const answer = await send(wanted, open(wanted), stallMs, signal)
        answered.add(host)
        return answer
      } catch (error) {
        throw sendFailure(wanted, error, { signal, isFirst: !answered.has(host) })
      }
    },
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
  const watch = watchOver(request, wanted.url, stallMs)
  const answered = answerOf(request, wanted.url, watch.touch)
  try {
    // An answer that comes before all is sent says that the rest is not wanted.
    await Promise.race([sendBody(request, wanted.body, watch.touch), answered])
    watch.touch(sizeOf(wanted.body) / committedBytesPerMs)
    return await answered
  } finally {
    watch.stop()
    signal?.removeEventListener('abort', interrupt)
    if (!request.writableFinished) request.destroy()
  }
}

const silentMs = 5000

/** Ends a request on which nothing moves; `touch` says that something did, and how much longer than usual to wait. */
function watchOver(request: ClientRequest, url: string, stallMs: number) {
  let timer: NodeJS.Timeout | undefined
  function wait(ms: number, then: () => void): void {
    clearTimeout(timer)
    timer = setTimeout(then, ms)
  }
  function touch(extraMs = 0): void {
    const limitMs = stallMs + extraMs
    const end = () => request.destroy(new Error(`nothing moved for ${limitMs / 1000} s`))
    wait(Math.min(silentMs, limitMs), () => {
      if (limitMs <= silentMs) return end()
      sayWait(`nothing moves at ${publicUrl(url)}; gives up after ${timeText(limitMs)} of that`)
      wait(limitMs - silentMs, end)
    })
  }
  touch()
  return { touch, stop: () => clearTimeout(timer) }
}

/** What the person must know first: an interruption, then a fault of our own source, then the connection. */
function sendFailure(
  wanted: WireRequest,
  error: unknown,
  { signal, isFirst }: { signal: AbortSignal | undefined; isFirst: boolean },
): unknown {
  if (signal?.aborted) return signal.reason
  if (error instanceof SourceFailure) return error.cause
  if (error instanceof PublishError) return error
  const failed = new ConnectionFailure(error, isFirst)
  return new PublishError(
    failed.kind === 'refused' ? 'bad-answer' : 'network',
    {
      attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
      found: wordsOf(error),
      hint: 'check the host and the connection to it; a proxy is taken from HTTPS_PROXY, extra CAs from NODE_EXTRA_CA_CERTS',
      cause: error,
    },
    { isHopeless: isFirst },
  )
}
