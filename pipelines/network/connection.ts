import { type ClientRequest, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import type { Settings } from '../settings/settings.ts'
import { publicUrl } from './address.ts'
import { SourceFailure, sizeOf } from './body.ts'
import { ConnectionFailure, wordsOf } from './connection-failure.ts'
import { NetworkError, RemoteError } from './error.ts'
import {
  bodyOf,
  discard,
  exchange,
  type Fetch,
  type FetchOptions,
  type HttpAnswer,
  headersOf,
} from './exchange.ts'
import { type WatchedLookup, watchedLookup } from './name-lookup.ts'
import { following } from './redirect.ts'
import { watchForStall } from './stall.ts'
import { userAgent } from './user-agent.ts'

export interface Connection {
  fetch: Fetch
  close(): Promise<void>
}

/**
 * The one way out of this process: HTTP/1.1 (Node 26 runs HTTP/2 with windows of 256 KiB, 3.5 MB/s at a round trip of 75 ms),
 * proxies as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say, and Node's own client, which sends a buffer without copying it
 * (docs/decisions/060). Answers are streams; nothing is tried twice here.
 */
export function openConnection(proxies: Settings['proxies'], signal?: AbortSignal): Connection {
  const settings = { keepAlive: true, proxyEnv: proxies }
  const agents: Agents = { 'http:': new PlainAgent(settings), 'https:': new SecureAgent(settings) }
  // Hosts that answered: one that did is given time to come back, where one that never did is likelier a wrong address.
  const answered = new Set<string>()
  const agentName = userAgent()
  const ask: Fetch = async (url, options = {}) => {
    const signals = [signal, options.signal].filter((one) => one !== undefined)
    const ended = signals.length > 1 ? AbortSignal.any(signals) : signals[0]
    const asked = {
      ...options,
      signal: ended,
      headers: { ...options.headers, 'user-agent': await agentName },
    }
    const host = URL.canParse(url) ? new URL(url).host : url
    const failed = (error: unknown) =>
      requestFailure({ url, ...asked }, new ConnectionFailure(error, !answered.has(host)))
    ended?.throwIfAborted()
    try {
      const answer = await askOnce(url, asked, agents, failed)
      answered.add(host)
      return answer
    } catch (error) {
      throw failed(error)
    }
  }
  return {
    fetch: (url, options = {}) => (options.staysHere ? ask(url, options) : following(ask, url, options)),
    async close() {
      agents['http:'].destroy()
      agents['https:'].destroy()
    },
  }
}

interface Agents {
  'http:': PlainAgent
  'https:': SecureAgent
}

async function askOnce(
  url: string,
  options: FetchOptions,
  agents: Agents,
  failed: (error: unknown) => unknown,
): Promise<HttpAnswer> {
  const { body, signal, stallMs = 60_000 } = options
  const names = watchedLookup()
  const request = openRequest(url, options, { agents, names })
  // The stream of an answer says of every end but that it was aborted.
  let stalled: Error | undefined
  const wait = () =>
    `${names.isWaiting() ? 'no name server answers, to find' : 'nothing moves at'} ${publicUrl(url)}`
  const watch = watchForStall(wait, stallMs, (error) => {
    stalled = error
    request.destroy(error)
  })
  const interrupt = () => void request.destroy()
  signal?.addEventListener('abort', interrupt)
  request.once('close', () => signal?.removeEventListener('abort', interrupt))
  try {
    const incoming = await exchange(request, body, watch)
    return {
      status: incoming.statusCode ?? 0,
      url,
      headers: headersOf(incoming),
      body: bodyOf(incoming, request, watch, (error) => failed(stalled ?? error)),
      discard: () => discard(incoming, request),
    }
  } catch (error) {
    request.destroy()
    throw error
  }
}

function openRequest(
  url: string,
  options: FetchOptions,
  { agents, names: { lookup } }: { agents: Agents; names: WatchedLookup },
): ClientRequest {
  const { method = options.body === undefined ? 'GET' : 'POST', headers, body } = options
  const hasLength = body !== undefined || (method !== 'GET' && method !== 'HEAD')
  const all = { ...headers, ...(hasLength && { 'content-length': String(sizeOf(body)) }) }
  return new URL(url).protocol === 'https:'
    ? secureRequest(url, { method, headers: all, lookup, agent: agents['https:'] })
    : plainRequest(url, { method, headers: all, lookup, agent: agents['http:'] })
}

/** What the person must know first: an interruption, then a fault of our own source, then the connection. */
function requestFailure(
  { url, method, signal }: FetchOptions & { url: string },
  failure: ConnectionFailure,
): unknown {
  const { cause } = failure
  if (signal?.aborted) return signal.reason
  if (cause instanceof SourceFailure) return cause.cause
  if (cause instanceof RemoteError) return cause
  return new NetworkError(
    failure.kind === 'refused' ? 'bad-answer' : 'network',
    {
      attempted: `${method === undefined || method === 'GET' ? 'read' : method} ${publicUrl(url)}`,
      found: wordsOf(cause),
      hint: 'check the address and the connection to it; a proxy is taken from HTTPS_PROXY, extra CAs from NODE_EXTRA_CA_CERTS',
      cause,
    },
    { isHopeless: failure.isFirst },
  )
}
