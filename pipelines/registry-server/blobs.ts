import { pipeline } from 'node:stream/promises'
import { missingBlob, readBlob, statBlob } from '../store/blobs.ts'
import { removeBlob } from '../store/garbage.ts'
import { type RegistryRequest, sendEmpty } from './exchange.ts'
import { parseRange } from './range.ts'
import type { RouteOf } from './route.ts'

/** GET and HEAD of a blob, whole or one range. */
export async function sendBlob(exchange: RegistryRequest, { digest }: RouteOf<'blob'>): Promise<void> {
  const { request, response, store } = exchange
  const sizeBytes = await statBlob(store, digest)
  if (sizeBytes === undefined) throw missingBlob(digest)
  const range = parseRange(request.headers.range, sizeBytes)
  if (range === 'unsatisfiable') return sendEmpty(exchange, 416, { 'Content-Range': `bytes */${sizeBytes}` })
  response.writeHead(range ? 206 : 200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': range ? range.end - range.start : sizeBytes,
    'Docker-Content-Digest': digest,
    'Accept-Ranges': 'bytes',
    ...(range && { 'Content-Range': `bytes ${range.start}-${range.end - 1}/${sizeBytes}` }),
  })
  if (request.method === 'HEAD') response.end()
  else await pipeline(readBlob(store, digest, range), response)
}

export async function deleteBlob(exchange: RegistryRequest, { digest }: RouteOf<'blob'>): Promise<void> {
  if (!(await removeBlob(exchange.store, digest))) throw missingBlob(digest)
  sendEmpty(exchange, 202)
}
