import { Readable } from 'node:stream'
import { EnvHttpProxyAgent, request } from 'undici'
import { messageOf } from '../../lib/error.ts'
import { publicUrl } from '../weights/http.ts'
import { PublishError } from './error.ts'

/** Bytes of a request: all of them, or a source that is opened once for each attempt. */
export type Body = Uint8Array | { sizeBytes: number; open(): AsyncIterable<Uint8Array> }

export interface WireRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT'
  url: string
  headers?: Record<string, string>
  body?: Body
}

/** Answers to a publisher are small: manifests, tokens, errors. */
export interface WireAnswer {
  status: number
  headers: Record<string, string>
  bytes: Uint8Array
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

// Above any manifest: registries refuse those over 4 MiB.
const answerLimitBytes = 8 * 1024 * 1024

/** HTTP for publishing: proxies as the environment says, HTTP/1.1 (docs/decisions/060), no redirects, no retries. */
export function openTransport(options: TransportOptions): Transport {
  const { stallMs = 60_000, environment } = options
  const either = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? ''
  const agent = new EnvHttpProxyAgent({
    httpProxy: either('HTTP_PROXY'),
    httpsProxy: either('HTTPS_PROXY'),
    noProxy: either('NO_PROXY'),
    allowH2: false,
    bodyTimeout: stallMs,
  })
  return {
    send: (wanted) => send(wanted, { agent, stallMs, signal: options.signal }),
    close: () => agent.destroy(),
  }
}

interface Wire {
  agent: EnvHttpProxyAgent
  stallMs: number
  signal: AbortSignal | undefined
}

async function send(wanted: WireRequest, wire: Wire): Promise<WireAnswer> {
  const { method, url, body } = wanted
  const stalled = new AbortController()
  const source = body && watched(body, wire.stallMs, () => stalled.abort(stallError(wire.stallMs)))
  try {
    const answer = await request(url, {
      method,
      headers: {
        ...wanted.headers,
        ...((body || method !== 'GET') && method !== 'HEAD' && { 'content-length': String(sizeOf(body)) }),
      },
      body: source?.content ?? null,
      dispatcher: wire.agent,
      headersTimeout: wire.stallMs + sizeOf(body) / committedBytesPerMs,
      signal: wire.signal ? AbortSignal.any([wire.signal, stalled.signal]) : stalled.signal,
    })
    return {
      status: answer.statusCode,
      headers: flat(answer.headers),
      bytes: await readAll(answer.body, url),
    }
  } catch (error) {
    throw sendFailure(wanted, error, wire.signal, source?.failure())
  } finally {
    source?.end()
  }
}

function sizeOf(body: Body | undefined): number {
  if (body === undefined) return 0
  return body instanceof Uint8Array ? body.byteLength : body.sizeBytes
}

interface Source {
  content: Readable | Uint8Array
  /** What the content itself threw; the end of the connection is no failure of it. */
  failure(): unknown
  end(): void
}

/** The content with a watch over it: `onStall` is called when nobody takes the next chunk for that long. */
function watched(body: Body, stallMs: number, onStall: () => void): Source {
  if (body instanceof Uint8Array) return { content: body, failure: () => undefined, end: () => undefined }
  let failure: unknown
  const timer = setTimeout(onStall, stallMs)
  const stream = Readable.from(
    tracked(body.open(), timer, (error) => (failure = error)),
    { objectMode: false },
  )
  return {
    content: stream,
    failure: () => failure,
    end: () => {
      clearTimeout(timer)
      stream.destroy()
    },
  }
}

async function* tracked(
  content: AsyncIterable<Uint8Array>,
  timer: NodeJS.Timeout,
  onFailure: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  const chunks = content[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        onFailure(error)
        throw error
      })
      if (next.done) return
      timer.refresh()
      yield next.value
    }
  } finally {
    clearTimeout(timer)
    await chunks.return?.()
  }
}

async function readAll(body: AsyncIterable<Uint8Array>, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > answerLimitBytes)
      throw new PublishError('bad-answer', {
        attempted: `read the answer of ${publicUrl(url)}`,
        found: `it is larger than ${answerLimitBytes} bytes`,
        hint: 'check that the address is that of a registry',
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}

/** What the person must know first: an interruption, then a fault of our own source, then the connection. */
function sendFailure(
  wanted: WireRequest,
  error: unknown,
  signal: AbortSignal | undefined,
  source: unknown,
): unknown {
  if (signal?.aborted) return signal.reason
  if (error instanceof PublishError) return error
  if (source !== undefined) return source
  return new PublishError('network', {
    attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
    found: messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error),
    hint: 'check the connection to the registry; a proxy is taken from HTTPS_PROXY, extra CAs from NODE_EXTRA_CA_CERTS',
    cause: error,
  })
}

function stallError(stallMs: number): Error {
  return new Error(`nothing moved for ${stallMs / 1000} s`)
}
