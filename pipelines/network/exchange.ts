import type { ClientRequest, IncomingMessage } from 'node:http'
import { type Body, sendBody, sizeOf } from './body.ts'
import type { StallWatch } from './stall.ts'

export interface FetchOptions {
  /** GET, or POST where there is a body. */
  method?: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  headers?: Record<string, string>
  body?: Body
  signal?: AbortSignal | undefined
  /** A connection on which nothing moves for this long counts as cut. Default one minute; infinite: nobody watches. */
  stallMs?: number
  /** A redirect is given as any other answer. */
  staysHere?: boolean
}

/**
 * One request, redirects followed. Gives any status; throws `network` when there is no answer and `bad-answer` where there
 * will never be one, the signal's reason when it was stopped, and what a source of the body threw.
 */
export type Fetch = (url: string, options?: FetchOptions) => Promise<HttpAnswer>

/** An answer whose body has not been read: iterate it or `discard` it. */
export interface HttpAnswer {
  status: number
  /** Address after redirects. */
  url: string
  headers: Headers
  /** To be read once, to its end or left; the wait for each piece is watched, the work between them is not. */
  body: AsyncIterable<Uint8Array>
  discard(): void
}

// A server that has all bytes may hash or copy them before it answers; the slowest storage does 20 MB/s.
const committedBytesPerMs = 20_000

/** Sends the body, and gives the answer as soon as its head is there: one that comes before all is sent ends the sending. */
export async function exchange(
  request: ClientRequest,
  body: Body | undefined,
  watch: StallWatch,
): Promise<IncomingMessage> {
  const response = responseTo(request)
  let hasAnswer = false
  const onMove = () => {
    if (!hasAnswer) watch.arm()
  }
  watch.arm()
  try {
    await Promise.race([sendBody(request, body, onMove), response])
    watch.arm(sizeOf(body) / committedBytesPerMs)
    return await response
  } finally {
    hasAnswer = true
    watch.disarm()
  }
}

function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', (incoming) => {
      // A body that is given up must not end the process with its error.
      incoming.on('error', () => {})
      resolve(incoming)
    })
    request.on('error', reject)
    request.once('close', () => reject(new Error('the connection ended without an answer')))
  })
  // The sender may see the same end first.
  response.catch(() => {})
  return response
}

// A server that sends a blank now and then keeps a connection busy and never comes to an end.
const trickleBytes = 1024

/** The pieces of an answer. `failed` makes an error of what ended the connection. */
export async function* bodyOf(
  incoming: IncomingMessage,
  request: ClientRequest,
  watch: StallWatch,
  failed: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  let [bytes, waitedMs, sinceMs] = [0, 0, performance.now()]
  watch.arm()
  try {
    for await (const chunk of incoming) {
      watch.disarm()
      // Without an encoding, chunks are buffers.
      const piece = chunk as Buffer
      bytes += piece.byteLength
      waitedMs += performance.now() - sinceMs
      if (bytes >= trickleBytes) [bytes, waitedMs] = [0, 0]
      if (waitedMs > watch.stallMs)
        throw new Error(`${bytes} bytes in ${Math.round(waitedMs / 1000)} s: it would never end`)
      yield piece
      sinceMs = performance.now()
      watch.arm()
    }
  } catch (error) {
    throw failed(error)
  } finally {
    watch.disarm()
    if (!request.writableFinished) request.destroy()
  }
}

// Less than it costs to open another connection.
const drainedBytes = 64 * 1024

/** Passes by a short rest, so that its connection can be used again, and ends the connection of a long one. */
export function discard(incoming: IncomingMessage, request: ClientRequest): void {
  const sizeBytes = Number(incoming.headers['content-length'] ?? Number.NaN)
  if (request.writableFinished && sizeBytes <= drainedBytes) incoming.resume()
  else request.destroy()
}

export function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct))
    for (const value of values ?? []) headers.append(name, value)
  return headers
}
