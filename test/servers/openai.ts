import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer, json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export const model = 'tiny'
export const words = ['one ', 'two ', 'three ', 'four ', 'five']

/** What a client asked, with its JSON body or its form when it had one. */
export interface Asked {
  route: string
  body: { stream?: boolean; [key: string]: unknown }
  /** What the client sent as a bearer token. */
  token: string | undefined
}

export type Handler = (asked: Asked, response: ServerResponse) => void | Promise<void>

/** Routes such as `GET /health`; `default` takes the rest. */
export type Routes = Record<string, Handler>

/** A server on loopback that can die as a container's server does. */
export interface TinyServer {
  url: string
  exitCode: number | null
  log: string
  /** Routes in the order they were asked. */
  asked: string[]
  die(exitCode: number): void
  close(): Promise<void>
}

/** Starts a small server that speaks enough of the OpenAI interface to pass, apart from the routes given. */
export async function serve(
  routes: Routes | ((server: TinyServer) => Routes) = {},
  at: { host: string; port: number } = { host: '127.0.0.1', port: 0 },
): Promise<TinyServer> {
  const http = createServer((request, response) => void answer(request, response))
  http.listen(at)
  await once(http, 'listening')
  const server = tinyServer(http)
  const all: Routes = { ...good, ...(typeof routes === 'function' ? routes(server) : routes) }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`
    server.asked.push(route)
    const body = await bodyOf(request)
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    await (all[route] ?? all['default'] ?? notFound)({ route, body, token }, response)
  }
  return server
}

/** Bodies of the tests are JSON objects, forms or nothing; a form's file is a `File`. */
async function bodyOf(request: IncomingMessage): Promise<Asked['body']> {
  const contentType = request.headers['content-type'] ?? ''
  if (!contentType.startsWith('multipart/')) return (await json(request).catch(() => ({}))) as Asked['body']
  const whole = new Response(await buffer(request), { headers: { 'content-type': contentType } })
  return Object.fromEntries(await whole.formData())
}

function tinyServer(http: Server): TinyServer {
  // A listening TCP server has an address with a port.
  const { port } = http.address() as AddressInfo
  const server: TinyServer = {
    url: `http://127.0.0.1:${port}`,
    exitCode: null,
    log: 'listening\n',
    asked: [],
    die(exitCode) {
      server.exitCode = exitCode
      http.close()
      http.closeAllConnections()
    },
    async close() {
      http.close()
      http.closeAllConnections()
    },
  }
  return server
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

export function chatAnswer(named = model, tokens = words.length): object {
  return {
    object: 'chat.completion',
    model: named,
    choices: [{ message: { role: 'assistant', content: words.join('') }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: tokens },
  }
}

export function chunk(text: string, named = model): string {
  const value = { object: 'chat.completion.chunk', model: named, choices: [{ delta: { content: text } }] }
  return `data: ${JSON.stringify(value)}\n\n`
}

export const endMarker = 'data: [DONE]\n\n'

export async function streamWords(response: ServerResponse, end: string, named = model): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const word of words) {
    response.write(chunk(word, named))
    await sleep(5)
  }
  response.end(end)
}

/** What a chat says beside its role. */
export interface SaidMessage {
  content?: string | null
  reasoning_content?: string
  reasoning?: string
  tool_calls?: { function: { name: string; arguments: unknown } }[]
}

/** A message in pieces: the role, its texts in two, each call by its name and then by its arguments in two, and the end. */
export function streamMessage(response: ServerResponse, said: SaidMessage, finish: string): void {
  const { tool_calls: calls = [], ...texts } = said
  const halves = (text: unknown) =>
    typeof text === 'string' ? [text.slice(0, text.length / 2), text.slice(text.length / 2)] : [text]
  const deltas = [
    { role: 'assistant', content: null },
    ...Object.entries(texts).flatMap(([key, text]) => halves(text).map((half) => ({ [key]: half }))),
    ...calls.flatMap(({ function: { name, arguments: args } }, index) =>
      [{ name, arguments: '' }, ...halves(args).map((half) => ({ arguments: half }))].map((piece) => ({
        tool_calls: [{ index, function: piece }],
      })),
    ),
  ]
  const events = [
    ...deltas.map((delta) => ({ choices: [{ delta }] })),
    { choices: [{ delta: {}, finish_reason: finish }] },
  ]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(
    `${events.map((event) => `data: ${JSON.stringify({ model, ...event })}\n\n`).join('')}${endMarker}`,
  )
}

const notFound: Handler = ({ route }, response) =>
  sendJson(response, 404, { error: { message: `no ${route}`, type: 'not_found_error' } })

export const good: Routes = {
  'GET /health': (_, response) => sendJson(response, 200, { status: 'ok' }),
  'GET /v1/models': (_, response) => sendJson(response, 200, { object: 'list', data: [{ id: model }] }),
  'POST /v1/chat/completions': ({ body }, response) =>
    body.stream ? streamWords(response, endMarker) : sendJson(response, 200, chatAnswer()),
}
