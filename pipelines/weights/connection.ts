import { EnvHttpProxyAgent, fetch as undiciFetch } from 'undici'

export type Fetch = typeof globalThis.fetch

export interface Connection {
  fetch: Fetch
  close(): Promise<void>
}

/**
 * A `fetch` for large downloads: proxies as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say, which Node's own does not read,
 * and HTTP/1.1, since Node 26 runs HTTP/2 with windows of 256 KiB (3.5 MB/s at a round trip of 75 ms).
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
  // The package's own types of Request and Response differ from Node's in name only.
  const fetch = ((input: string, init?: object) =>
    undiciFetch(input, { ...init, dispatcher: agent })) as unknown as Fetch
  return { fetch, close: () => agent.destroy() }
}
