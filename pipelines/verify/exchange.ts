import { valuesAt } from '../../images/boot/answer-text.ts'
import type { ServerAnswer } from '../../images/boot/answers.ts'
import type { ProbeRequest } from '../../images/boot/probe.ts'
import { errnoOf, messageOf } from '../../lib/error.ts'
import type { Json } from '../../lib/json.ts'
import { openConnection } from '../network/connection.ts'
import { formBody } from './form.ts'

/** Largest body that is read of one answer; a server that sends more is broken or not ours. */
const bodyLimitBytes = 16 * 1024 * 1024

/** What came of one question: a whole answer, or the words for what went wrong and what had come until then. */
export type QuestionResult =
  | { type: 'answer'; answer: ServerAnswer }
  | {
      type: 'trouble'
      words: string
      partial: string
      /** Null when not even the head of an answer came. */
      status: number | null
    }

export interface QuestionOptions {
  timeoutMs: number
  signal?: AbortSignal | undefined
  /** Sent as a bearer token; null and absent send none. */
  key?: string | null | undefined
  /** Called with every piece of the body as it arrives, and the status of the answer that it is of. */
  onPiece?(text: string, status: number): void
}

/** What had arrived when an exchange ended early. */
interface ExchangeProgress {
  status: number | null
  bytes: number
  text: string
}

/** Puts one question over HTTP and reads the whole answer. Redirects are not followed. Never throws. */
export async function askServer(
  url: string,
  request: ProbeRequest,
  options: QuestionOptions,
): Promise<QuestionResult> {
  const progress: ExchangeProgress = { status: null, bytes: 0, text: '' }
  const timeout = AbortSignal.timeout(Math.ceil(options.timeoutMs))
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout
  try {
    return { type: 'answer', answer: await send(url, request, progress, { ...options, signal }) }
  } catch (error) {
    const words = timeout.aborted ? hangWords(progress, options.timeoutMs) : brokenWords(error, progress)
    return { type: 'trouble', words, partial: progress.text.slice(0, 1000), status: progress.status }
  }
}

interface SentBody {
  bytes: Uint8Array<ArrayBuffer>
  contentType: string
}

async function sentBody(request: ProbeRequest): Promise<SentBody | undefined> {
  if (request.form !== undefined) return await formBody(request.form)
  const text = questionBody(request)
  return text === undefined ? undefined : { bytes: Buffer.from(text), contentType: 'application/json' }
}

/** The text that is sent; a plan holds long prompts as a text and how often it comes. */
export function questionBody({ raw, body, prompt }: ProbeRequest): string | undefined {
  if (raw !== undefined || body === undefined) return raw
  if (prompt === undefined) return JSON.stringify(body)
  const text = prompt.repeat.repeat(prompt.times)
  if (prompt.as !== undefined) return JSON.stringify({ ...(isObject(body) ? body : {}), [prompt.as]: text })
  const [role] = valuesAt(body, 'messages.0.role')
  const message = { role: String(role), content: text }
  return JSON.stringify({ ...(isObject(body) ? body : {}), messages: [message] })
}

function isObject(body: Json): body is { readonly [key: string]: Json } {
  return body !== null && typeof body === 'object' && !Array.isArray(body)
}

/** Without a proxy: the server is on this machine, or behind a tunnel whose end is. */
async function send(
  url: string,
  request: ProbeRequest,
  progress: ExchangeProgress,
  {
    signal,
    key,
    onPiece,
  }: { signal: AbortSignal; key?: string | null | undefined; onPiece?: QuestionOptions['onPiece'] },
): Promise<ServerAnswer> {
  const { fetch, close } = openConnection({}, signal)
  try {
    const sent = await sentBody(request)
    const { status, headers, body } = await fetch(`${url}${request.path}`, {
      method: request.method,
      ...(sent === undefined ? {} : { body: sent.bytes }),
      // Servers close idle connections (llama.cpp after 5 s), and a question sent at that moment would count as broken.
      headers: {
        connection: 'close',
        ...(sent === undefined ? {} : { 'content-type': sent.contentType }),
        ...(key == null ? {} : { authorization: `Bearer ${key}` }),
      },
      // The time of a question is the signal's: a server may think for all of it.
      stallMs: Number.POSITIVE_INFINITY,
      staysHere: true,
    })
    progress.status = status
    return {
      status,
      contentType: headers.get('content-type') ?? '',
      location: headers.get('location'),
      pieces: await readBody(body, progress, (text) => onPiece?.(text, status)),
      body: progress.text,
    }
  } finally {
    await close()
  }
}

/** Gives the number of pieces. */
async function readBody(
  body: AsyncIterable<Uint8Array>,
  progress: ExchangeProgress,
  onPiece: (text: string) => void,
): Promise<number> {
  const decoder = new TextDecoder()
  let pieces = 0
  for await (const chunk of body) {
    pieces += 1
    progress.bytes += chunk.byteLength
    const text = decoder.decode(chunk, { stream: true })
    progress.text += text
    onPiece(text)
    if (progress.bytes > bodyLimitBytes) throw new BodyTooLong()
  }
  progress.text += decoder.decode()
  return pieces
}

class BodyTooLong extends Error {}

function hangWords({ status, bytes }: ExchangeProgress, timeoutMs: number): string {
  const limit = `${Number((timeoutMs / 1000).toFixed(1))} s`
  return status === null
    ? `no answer within ${limit}: the server took the question and said nothing`
    : `the answer (${status}) began and never ended: ${bytes} bytes within ${limit}`
}

function brokenWords(error: unknown, { status, bytes }: ExchangeProgress): string {
  if (error instanceof BodyTooLong) return `the answer is longer than ${bodyLimitBytes / 1024 ** 2} MiB`
  const cause = error instanceof Error ? error.cause : undefined
  const code = errnoOf(cause)
  const reason = code === 'ECONNRESET' ? 'the server closed it' : (code ?? messageOf(cause ?? error))
  return status === null
    ? `connection failed: ${reason}`
    : `the connection broke after ${bytes} bytes of the answer (${status}): ${reason}`
}
