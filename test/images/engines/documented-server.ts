import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

type Body = Readonly<Record<string, unknown>>

export interface Call {
  body: Body
  response: ServerResponse
}

/** What the documentation of one engine says of its server. */
export interface Documented {
  /** Names in the list of models. */
  models: readonly string[]
  /** Name in an answer to a request for `asked`; null where such a model is refused. */
  nameFor(asked: string): string | null
  /** Tokens a prompt may have, counted as words; longer ones are cut where the engine cuts them. */
  contextLength: number
  cutsPrompts: boolean
  takesNegativeTokens: boolean
  errors: Record<
    'malformed' | 'invalid' | 'unknownModel' | 'tooLong' | 'method' | 'path',
    { status: number; type: string; body: string }
  >
  /** Further routes, such as `GET /info`. */
  native: Readonly<Record<string, (call: Call) => void | Promise<void>>>
}

export const words = ['Paris ', 'is ', 'a ', 'city.']

export function sendJson({ response }: Pick<Call, 'response'>, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

export function sendText({ response }: Pick<Call, 'response'>, body: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(body)
}

/** Sends pieces of a stream one by one, as a server does that generates them. */
export async function sendPieces(
  { response }: Pick<Call, 'response'>,
  type: string,
  pieces: readonly string[],
): Promise<void> {
  response.writeHead(200, { 'content-type': type })
  for (const piece of pieces) {
    response.write(piece)
    await sleep(2)
  }
  response.end()
}

export function event(value: unknown): string {
  return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
}

/** Runs `use` against a server on loopback that behaves as documented. */
export async function withDocumented<Result>(
  documented: Documented,
  use: (url: string) => Promise<Result>,
): Promise<Result> {
  const server = createServer((request, response) => {
    void text(request).then((body) => answer(documented, `${request.method} ${request.url}`, body, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo
  try {
    return await use(`http://127.0.0.1:${port}`)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

const openAi = ['/v1/chat/completions', '/v1/completions']

async function answer(
  documented: Documented,
  route: string,
  raw: string,
  response: ServerResponse,
): Promise<void> {
  const [method = '', path = ''] = route.split(' ')
  const native = documented.native[route]
  const fail = (name: keyof Documented['errors']) => {
    const { status, type, body } = documented.errors[name]
    response.writeHead(status, { 'content-type': type }).end(body)
  }
  if (route === 'GET /v1/models')
    return sendJson(
      { response },
      { object: 'list', data: documented.models.map((id) => ({ id, object: 'model' })) },
    )
  if (native) return native({ body: parsed(raw) ?? {}, response })
  if (!openAi.includes(path)) return fail('path')
  if (method !== 'POST') return fail('method')
  const body = parsed(raw)
  if (body === undefined) return fail('malformed')
  return complete(documented, path, { body, response }, fail)
}

function parsed(raw: string): Body | undefined {
  try {
    // Bodies of the probes are JSON objects where they are JSON.
    return JSON.parse(raw) as Body
  } catch {
    return undefined
  }
}

async function complete(
  documented: Documented,
  path: string,
  call: Call,
  fail: (name: keyof Documented['errors']) => void,
): Promise<void> {
  const { body } = call
  const prompt = path === '/v1/completions' ? body['prompt'] : JSON.stringify(body['messages'])
  if (typeof prompt !== 'string') return fail('invalid')
  const model = documented.nameFor(String(body['model']))
  if (model === null) return fail('unknownModel')
  if (Number(body['max_tokens']) < 0 && !documented.takesNegativeTokens) return fail('invalid')
  if (prompt.split(' ').length > documented.contextLength && !documented.cutsPrompts) return fail('tooLong')
  const usage = { prompt_tokens: 3, completion_tokens: words.length, total_tokens: 3 + words.length }
  if (body['stream'] === true) return streamChat(call, model, usage)
  const said =
    path === '/v1/completions'
      ? { object: 'text_completion', choices: [{ index: 0, text: words.join(''), finish_reason: 'length' }] }
      : {
          object: 'chat.completion',
          choices: [
            {
              index: 0,
              message: { role: 'assistant', content: words.join('') },
              finish_reason: 'length',
            },
          ],
        }
  sendJson(call, { id: 'x', created: 0, model, ...said, usage })
}

/** Usage comes in a last event without choices, where the client asks for it. */
function streamChat(call: Call, model: string, usage: object): Promise<void> {
  const shared = { id: 'x', created: 0, object: 'chat.completion.chunk', model }
  const chunks = words.map((content) => event({ ...shared, choices: [{ index: 0, delta: { content } }] }))
  const counted = call.body['stream_options'] ? [event({ ...shared, choices: [], usage })] : []
  return sendPieces(call, 'text/event-stream', [': ping\n\n', ...chunks, ...counted, event('[DONE]')])
}
