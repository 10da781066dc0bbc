import { type Dispatcher, EnvHttpProxyAgent, interceptors, request } from 'undici'
import { ConnectionFailure } from '../network/connection-failure.ts'

/** An answer whose body has not been read: iterate it or `discard` it. */
export interface Answer {
  status: number
  /** Address after redirects. */
  url: string
  headers: Headers
  body: AsyncIterable<Uint8Array>
  discard(): void
}

/** GET, or POST of a body, redirects followed; gives any status and throws `ConnectionFailure` when there is no answer. */
export type Fetch = (
  url: string,
  options?: { headers?: Record<string, string>; body?: Uint8Array; signal?: AbortSignal },
) => Promise<Answer>

export interface Connection {
  fetch: Fetch
  close(): Promise<void>
}

/**
 * Requests for large downloads: proxies as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say, which Node's fetch does not read, and
 * HTTP/1.1, since Node 26 runs HTTP/2 with windows of 256 KiB (3.5 MB/s at a round trip of 75 ms). Not `fetch`, whose web
 * streams copy each chunk once more.
 */
export function openConnection(environment: NodeJS.ProcessEnv): Connection {
  const either = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? ''
  const agent = new EnvHttpProxyAgent({
    httpProxy: either('HTTP_PROXY'),
    httpsProxy: either('HTTPS_PROXY'),
    noProxy: either('NO_PROXY'),
    allowH2: false,
    // Stalls are watched per download, with a limit that the caller knows.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  // At a redirect to another host the interceptor drops the Authorization header.
  const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 10 }))
  // Hosts that answered: one that did is given time to come back, where one that never did is likelier a wrong address.
  const answered = new Set<string>()
  const fetch: Fetch = async (url, options) => {
    const host = URL.canParse(url) ? new URL(url).host : url
    try {
      const answer = await ask(dispatcher, url, options)
      answered.add(host)
      return answer
    } catch (error) {
      throw new ConnectionFailure(error, !answered.has(host))
    }
  }
  return { fetch, close: () => agent.destroy() }
}

async function ask(dispatcher: Dispatcher, url: string, options: Parameters<Fetch>[1]): Promise<Answer> {
  const { statusCode, headers, body, context } = await request(url, {
    ...options,
    method: options?.body ? 'POST' : 'GET',
    dispatcher,
  })
  // A body that is given up must not end the process with its error.
  body.on('error', () => {})
  return {
    status: statusCode,
    url: finalUrl(context) ?? url,
    headers: new Headers(pairsOf(headers)),
    body,
    discard: () => void body.destroy(),
  }
}

/** The redirect interceptor lists the addresses it went through. */
function finalUrl(context: unknown): string | undefined {
  if (typeof context !== 'object' || context === null || !('history' in context)) return undefined
  const { history } = context
  return Array.isArray(history) && history.length > 0 ? String(history.at(-1)) : undefined
}

function pairsOf(headers: Record<string, string | string[] | undefined>): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [[name, Array.isArray(value) ? value.join(', ') : value] satisfies [string, string]],
  )
}
