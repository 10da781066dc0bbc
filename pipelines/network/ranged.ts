import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { publicUrl } from './address.ts'
import { isHtml, portalHint } from './answer.ts'
import { NetworkError } from './error.ts'
import { get, type HttpOptions } from './http.ts'

/** Something whose bytes can be read from any place. `end` is exclusive. */
export interface RangedFile {
  sizeBytes: number
  read(start: number, end: number): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** A file behind HTTP. Where the server offers no ranges, the whole of it is downloaded to a temporary file first. */
export async function openRanged(url: string, options: HttpOptions): Promise<RangedFile> {
  const { status, headers, body } = await get(url, withRange(options, 0, 1))
  const total = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]
  if (status !== 206 || total === undefined) return downloadWhole(body)
  for await (const _ of body);
  return {
    sizeBytes: Number(total),
    read: (start, end) => readRange(url, start, end, options),
    close: async () => {},
  }
}

/** Bytes `start` to `end` of an address. Throws `bad-answer` when the server sends another range. */
export async function* readRange(
  url: string,
  start: number,
  end: number,
  options: HttpOptions,
): AsyncGenerator<Uint8Array> {
  if (start >= end) return
  const { status, headers, body } = await get(url, withRange(options, start, end))
  const sent = Number(/^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1] ?? Number.NaN)
  if (status === 206 && sent !== start)
    throw new NetworkError('bad-answer', {
      attempted: `read bytes ${start} to ${end} of ${publicUrl(url)}`,
      found: `the server sent ${headers.get('content-range') ?? 'no Content-Range'}`,
      hint: 'a proxy between here and the server may be at fault',
    })
  refusePage(url, status, headers, end)
  yield* slice(body, status === 206 ? 0 : start, end - start)
}

/** A page that stands in for a file, as networks with a login send it, would be asked for again and again. */
function refusePage(url: string, status: number, headers: Headers, end: number): void {
  const lengthBytes = Number(headers.get('content-length') ?? Number.NaN)
  if (status === 206 || !isHtml({ text: '', contentType: headers.get('content-type') })) return
  if (!(lengthBytes < end)) return
  throw new NetworkError('bad-answer', {
    attempted: `read ${publicUrl(url)}`,
    found: `the server sent an HTML page of ${lengthBytes} bytes in place of a file`,
    hint: portalHint,
  })
}

/** Drops `skipBytes`, then passes `takeBytes` on and stops. */
export async function* slice(
  bytes: AsyncIterable<Uint8Array>,
  skipBytes: number,
  takeBytes: number,
): AsyncGenerator<Uint8Array> {
  let toSkip = skipBytes
  let toTake = takeBytes
  for await (const chunk of bytes) {
    const from = Math.min(toSkip, chunk.length)
    toSkip -= from
    const part = chunk.subarray(from, Math.min(chunk.length, from + toTake))
    toTake -= part.length
    if (part.length > 0) yield part
    if (toTake === 0) return
  }
}

function withRange(options: HttpOptions, start: number, end: number): HttpOptions {
  // identity: a compressed transfer would make the range mean other bytes.
  const headers = { ...options.headers, range: `bytes=${start}-${end - 1}`, 'accept-encoding': 'identity' }
  return { ...options, headers }
}

async function downloadWhole(bytes: AsyncIterable<Uint8Array>): Promise<RangedFile> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-'))
  const close = () => rm(folder, { recursive: true, force: true })
  try {
    const path = join(folder, 'file')
    await pipeline(bytes, createWriteStream(path))
    return { sizeBytes: (await stat(path)).size, read: (start, end) => readLocal(path, start, end), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Bytes `start` to `end` of a local file, in pieces of 1 MiB. */
export function readLocal(path: string, start: number, end: number): AsyncIterable<Uint8Array> {
  return start >= end ? empty() : createReadStream(path, { start, end: end - 1, highWaterMark: 1 << 20 })
}

async function* empty(): AsyncGenerator<Uint8Array> {}
