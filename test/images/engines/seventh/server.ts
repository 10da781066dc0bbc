// A server that answers with the words it was asked: node server.ts --name NAME --port PORT [--host HOST] [--context-length TOKENS]
import { createServer, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    name: { type: 'string', default: 'echo' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8090' },
    'context-length': { type: 'string', default: '4096' },
    version: { type: 'boolean', default: false },
  },
})
const contextLength = Number(values['context-length'])

interface Asked {
  model?: unknown
  max_tokens?: unknown
  stream?: unknown
  prompt?: unknown
  messages?: readonly { content?: unknown }[]
}

function start(): void {
  const server = createServer((request, response) => {
    void text(request).then((body) => send(response, answerTo(`${request.method} ${request.url}`, body)))
  })
  server.on('error', (error) => {
    process.stderr.write(`echo cannot start: ${error.message}\n`)
    process.exitCode = 1
  })
  server.listen(Number(values.port), values.host)
  process.once('SIGTERM', () => {
    server.close()
    server.closeAllConnections()
  })
}

type Answer =
  | { type: 'json'; status: number; value: unknown }
  | { type: 'stream'; events: readonly unknown[] }

function answerTo(route: string, body: string): Answer {
  const [method = '', path = ''] = route.split(' ')
  if (path === '/health') return json(200, {})
  if (path === '/v1/models')
    return json(200, { object: 'list', data: [{ id: values.name, object: 'model' }] })
  if (path !== '/v1/chat/completions' && path !== '/v1/completions') return refusal(404, 'no such path')
  if (method !== 'POST') return refusal(405, 'only POST')
  const asked = parsed(body)
  const isChat = path === '/v1/chat/completions'
  const prompt = isChat ? asked?.messages?.at(-1)?.content : asked?.prompt
  if (asked === null || typeof prompt !== 'string') return refusal(400, 'no prompt')
  if (asked.model !== values.name) return refusal(404, 'no such model')
  if (Number(asked.max_tokens) < 0) return refusal(400, 'fewer than no tokens')
  const words = prompt.split(' ')
  if (words.length > contextLength) return refusal(400, 'more words than the context has')
  const said = words.slice(0, Number(asked.max_tokens ?? words.length)).map((word) => `${word} `)
  if (asked.stream === true) return { type: 'stream', events: said.map(eventOf) }
  const usage = { prompt_tokens: words.length, completion_tokens: said.length }
  return json(200, { ...completionOf(isChat, said.join('')), usage })
}

const shared = { id: 'echo', created: 0, model: values.name }

function completionOf(isChat: boolean, content: string): object {
  const choice = isChat ? { message: { role: 'assistant', content } } : { text: content }
  return {
    ...shared,
    object: isChat ? 'chat.completion' : 'text_completion',
    choices: [{ index: 0, finish_reason: 'stop', ...choice }],
  }
}

function eventOf(content: string): object {
  return { ...shared, object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] }
}

function parsed(body: string): Asked | null {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

function json(status: number, value: unknown): Answer {
  return { type: 'json', status, value }
}

function refusal(status: number, message: string): Answer {
  return json(status, { error: { message, type: 'invalid_request_error' } })
}

async function send(response: ServerResponse, answer: Answer): Promise<void> {
  if (answer.type === 'json') {
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer.value))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of answer.events) {
    response.write(`data: ${JSON.stringify(event)}\n\n`)
    // A word a moment, as a server that computes them.
    await sleep(2)
  }
  response.end('data: [DONE]\n\n')
}

if (values.version) process.stdout.write('echo 1.2.0\n')
else start()
