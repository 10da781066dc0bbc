import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

/** What goes wrong with one request on its way to a real registry. */
export type Fault =
  | { type: 'status'; status: number; retryAfter?: string }
  /** The connection ends after this many bytes of the request's body reached the registry. */
  | { type: 'cut-request'; afterBytes: number }
  /** The registry did what was asked, and the client never hears of it. */
  | { type: 'cut-answer' }
  | { type: 'silence' }
  | { type: 'slow'; delayMs: number }
  /** One bit of the body is flipped on the way. */
  | { type: 'flip'; atByte: number }
  /** The token is not valid any more. */
  | { type: 'expired' }

export interface SeenRequest {
  method: string
  path: string
  authorization: string | undefined
  /** Bytes of the body that came from the client. */
  bodyBytes: number
  /** Bytes of the answer's body that the registry sent. */
  answerBytes: number
  status: number | undefined
  fault: Fault | undefined
}

export interface FaultProxyOptions {
  upstream: string
  /** Asked once for each request, in their order; the body is not there yet. */
  faultFor?(request: { method: string; path: string; length: number }): Fault | undefined
  /** Turns the login on: a bearer token by this proxy's own token server, or the password itself. */
  login?: ProxyLogin
}

export type ProxyLogin =
  | { type: 'bearer'; password: string; usesOfToken: number; expiresIn?: number }
  | { type: 'basic'; password: string }

export interface FaultProxy {
  host: string
  seen: SeenRequest[]
  /** Everything the token server was asked, as query or form. */
  tokenRequests: URLSearchParams[]
  close(): Promise<void>
}

/** A real HTTP proxy before a real registry that breaks requests as it is told. */
export async function openFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const seen: SeenRequest[] = []
  const tokenRequests: URLSearchParams[] = []
  const tokens = new Map<string, number>()
  const server = createServer((incoming, answer) => {
    const host = incoming.headers.host ?? ''
    if (incoming.url?.startsWith('/token'))
      return void giveToken(incoming, answer, options, tokens, tokenRequests)
    const entry: SeenRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      authorization: incoming.headers.authorization,
      bodyBytes: 0,
      answerBytes: 0,
      status: undefined,
      fault: undefined,
    }
    seen.push(entry)
    entry.fault = options.faultFor?.({
      method: entry.method,
      path: entry.path,
      length: Number(incoming.headers['content-length'] ?? 0),
    })
    const isRefused = !mayEnter(entry.authorization, options.login, tokens)
    if (isRefused || entry.fault?.type === 'expired') return refuse(answer, entry, host, options.login)
    // A client that stops in the middle of a body is no failure here.
    forward(incoming, answer, options.upstream, entry).catch(() => answer.destroy())
  })
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    host: `127.0.0.1:${port}`,
    seen,
    tokenRequests,
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function forward(
  incoming: IncomingMessage,
  answer: ServerResponse,
  upstream: string,
  entry: SeenRequest,
): Promise<void> {
  const { fault } = entry
  if (fault?.type === 'status') {
    entry.status = fault.status
    const wait = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }
    return void answer.writeHead(fault.status, { ...wait, 'content-length': 0 }).end()
  }
  if (fault?.type === 'silence') return
  if (fault?.type === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.delayMs))
  const { origin } = new URL(upstream)
  const outgoing = request(`${origin}${incoming.url}`, { method: incoming.method, headers: incoming.headers })
  outgoing.on('error', () => answer.destroy())
  outgoing.on('response', (reply) => {
    entry.status = reply.statusCode
    if (fault?.type === 'cut-answer') return void incoming.socket.destroy()
    answer.writeHead(reply.statusCode ?? 502, reply.headers)
    reply.on('data', (chunk: Buffer) => {
      entry.answerBytes += chunk.byteLength
    })
    reply.pipe(answer)
  })
  incoming.on('error', () => outgoing.destroy())
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = chunk
    const before = entry.bodyBytes
    entry.bodyBytes += bytes.byteLength
    if (fault?.type === 'cut-request' && entry.bodyBytes >= fault.afterBytes) {
      outgoing.write(bytes.subarray(0, Math.max(0, fault.afterBytes - before)))
      // A moment for the registry to take what came, as on a real line.
      await new Promise((resolve) => setTimeout(resolve, 5))
      outgoing.destroy()
      return void incoming.socket.destroy()
    }
    if (fault?.type === 'flip' && fault.atByte >= before && fault.atByte < entry.bodyBytes) {
      const index = fault.atByte - before
      bytes[index] = (bytes[index] ?? 0) ^ 1
    }
    if (!outgoing.write(bytes)) await once(outgoing, 'drain').catch(() => {})
    if (outgoing.destroyed) return
  }
  if (fault?.type === 'cut-request') {
    outgoing.destroy()
    return void incoming.socket.destroy()
  }
  outgoing.end()
}

function mayEnter(
  authorization: string | undefined,
  login: ProxyLogin | undefined,
  tokens: Map<string, number>,
): boolean {
  if (login === undefined) return true
  if (login.type === 'basic') return authorization === basicOf(login.password)
  const token = authorization?.replace('Bearer ', '') ?? ''
  const left = tokens.get(token) ?? 0
  tokens.set(token, left - 1)
  return left > 0
}

function refuse(
  answer: ServerResponse,
  entry: SeenRequest,
  host: string,
  login: ProxyLogin | undefined,
): void {
  entry.status = 401
  const challenge =
    login?.type === 'basic' ? 'Basic realm="registry"' : `Bearer realm="http://${host}/token",service="test"`
  answer.writeHead(401, { 'www-authenticate': challenge, 'content-length': 0 }).end()
}

async function giveToken(
  incoming: IncomingMessage,
  answer: ServerResponse,
  { login }: FaultProxyOptions,
  tokens: Map<string, number>,
  asked: URLSearchParams[],
): Promise<void> {
  const form =
    incoming.method === 'POST' ? String(await readAll(incoming)) : (incoming.url?.split('?')[1] ?? '')
  const query = new URLSearchParams(form)
  asked.push(query)
  const isKnown =
    login?.type !== 'bearer' ||
    incoming.headers.authorization === basicOf(login.password) ||
    query.get('refresh_token') === login.password
  if (!isKnown) return void answer.writeHead(401, { 'content-length': 0 }).end()
  const token = `token-${tokens.size}-${asked.length}`
  const uses = login?.type === 'bearer' ? login.usesOfToken : 1000
  tokens.set(token, uses)
  const expires = login?.type === 'bearer' ? (login.expiresIn ?? 300) : 300
  answer.writeHead(200, { 'content-type': 'application/json' })
  answer.end(JSON.stringify({ token, expires_in: expires }))
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function basicOf(password: string): string {
  return `Basic ${Buffer.from(`robot:${password}`).toString('base64')}`
}
