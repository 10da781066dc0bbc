import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import type { ClientRequest } from 'node:http'

/** Bytes of a request: all of them, a source that is opened for each attempt, or a part of a file. */
export type Body =
  | Uint8Array
  | (StreamFacts & { type: 'source'; open(): AsyncIterable<Uint8Array> })
  | (StreamFacts & { type: 'file'; start: number; open(): Promise<FileHandle> })

interface StreamFacts {
  sizeBytes: number
  /** Called with the size of each piece that has left this process. */
  onSent(sizeBytes: number): void
}

/** Says that not the connection but what was to be sent failed; `cause` is the reason. */
export class SourceFailure extends Error {}

export function sizeOf(body: Body | undefined): number {
  if (body === undefined) return 0
  return body instanceof Uint8Array ? body.byteLength : body.sizeBytes
}

/** Sends a body and ends the request. Rejects with SourceFailure, or when the connection ends. */
export async function sendBody(
  request: ClientRequest,
  body: Body | undefined,
  onMove: () => void,
): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) return void request.end(body)
  const closed = once(request, 'close').then(
    () => Promise.reject(new Error('the connection ended before all was sent')),
    (error: unknown) => Promise.reject(error),
  )
  closed.catch(() => {})
  const { onSent } = body
  function write(bytes: Uint8Array): Promise<unknown> {
    const written = new Promise<void>((resolve, reject) => {
      request.write(bytes, (error) => (error ? reject(error) : resolve()))
    }).then(() => {
      onSent(bytes.byteLength)
      onMove()
    })
    return Promise.race([written, closed])
  }
  if (body.type === 'file') await sendFile(body, write)
  else for await (const chunk of failing(body.open())) await write(chunk)
  request.end()
}

const bufferBytes = 256 * 1024
const buffers = 3

/** Three buffers that are used again: fresh ones for each piece cost as much time as the sending (docs/decisions/060). */
async function sendFile(
  body: Extract<Body, { type: 'file' }>,
  write: (bytes: Uint8Array) => Promise<unknown>,
): Promise<void> {
  const file = await body.open().catch(fail)
  try {
    const slots = Array.from({ length: buffers }, () => ({
      bytes: Buffer.allocUnsafeSlow(bufferBytes),
      free: Promise.resolve<unknown>(undefined),
    }))
    const end = body.start + body.sizeBytes
    for (let position = body.start, turn = 0; position < end; turn++) {
      const slot = slots[turn % buffers]
      if (slot === undefined) break
      await slot.free
      const length = Math.min(bufferBytes, end - position)
      const { bytesRead } = await file.read(slot.bytes, 0, length, position).catch(fail)
      if (bytesRead === 0) fail(new Error('the file ended early'))
      position += bytesRead
      slot.free = write(slot.bytes.subarray(0, bytesRead))
      // Awaited at its next turn or below; without this a failing write would count as unhandled meanwhile.
      slot.free.catch(() => {})
    }
    await Promise.all(slots.map(({ free }) => free))
  } finally {
    await file.close()
  }
}

async function* failing(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await chunks.next().catch(fail)
      if (next.done) return
      yield next.value
    }
  } finally {
    await chunks.return?.()
  }
}

function fail(cause: unknown): never {
  throw new SourceFailure('the source failed', { cause })
}
