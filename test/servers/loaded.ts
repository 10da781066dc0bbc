import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Asked, Routes } from './openai.ts'
import { chunk, endMarker, model } from './openai.ts'

/** How a small server answers under load. */
export interface LoadedServer {
  /** Before the first text, and between texts. */
  firstMs?: number
  betweenMs?: number
  /** A chunk with a role is sent at once, before the first text. */
  rolesFirst?: boolean
  /** So many answers are under way at most; others wait. */
  slots?: number
  /** Every so many-th request is refused. */
  refuses?: number
  /** Counts tokens in its last event. */
  counts?: boolean
}

/** A server whose words are tokens, which streams as many as it is asked for. */
export function loadedRoutes(given: LoadedServer = {}): Routes {
  const { firstMs = 10, betweenMs = 2, rolesFirst = true, slots = 64, refuses = 0, counts = true } = given
  let [asked, free] = [0, slots]
  const waiting: (() => void)[] = []
  const take = async () => {
    if (free === 0) return new Promise<void>((go) => waiting.push(go))
    free -= 1
  }
  const give = () => {
    const next = waiting.shift()
    if (next === undefined) free += 1
    else next()
  }
  const answer = async ({ body }: Asked, response: ServerResponse) => {
    asked += 1
    if (refuses > 0 && asked % refuses === 0) {
      response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":{"message":"full"}}')
      return
    }
    await take()
    try {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      if (rolesFirst) response.write(eventOf({ choices: [{ delta: { role: 'assistant', content: '' } }] }))
      await sleep(firstMs)
      const tokens = Number(body['max_tokens'] ?? body['max_completion_tokens'])
      for (let index = 0; index < tokens; index += 1) {
        if (index > 0) await sleep(betweenMs)
        response.write(chunk('word '))
      }
      const usage = { prompt_tokens: promptTokens(body), completion_tokens: tokens }
      response.end(`${counts ? eventOf({ choices: [], usage }) : ''}${endMarker}`)
    } finally {
      give()
    }
  }
  return {
    'POST /v1/chat/completions': async (question, response) =>
      question.body.stream ? answer(question, response) : sendReady(response),
  }
}

function eventOf(value: object): string {
  return `data: ${JSON.stringify({ object: 'chat.completion.chunk', model, ...value })}\n\n`
}

/** Two tokens a word, and ten for the template. Some clients send the content of a message in parts. */
function promptTokens({ messages }: Asked['body']): number {
  const [message] = messages as { content: string | { text?: string }[] }[]
  const content = message?.content ?? ''
  const text = typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('')
  return 10 + 2 * text.split(' ').length
}

function sendReady(response: ServerResponse): void {
  const value = {
    object: 'chat.completion',
    model,
    choices: [{ message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 1 },
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
