import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault, Hub } from './hub.ts'
import type { Content } from './repo.ts'

export async function sendContent(
  hub: Hub,
  content: Content,
  path: string,
  etag: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = takeFault(hub, 'no-ranges', path)
    ? undefined
    : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const start = Number(asked?.[1] ?? 0)
  const end = asked?.[2] ? Math.min(Number(asked[2]) + 1, content.sizeBytes) : content.sizeBytes
  response.setHeader('etag', etag)
  if (asked && start >= content.sizeBytes) return void response.writeHead(416).end()
  if (asked) response.setHeader('content-range', `bytes ${start}-${end - 1}/${content.sizeBytes}`)
  response.writeHead(asked ? 206 : 200, {
    'content-length': end - start,
    'content-type': 'application/octet-stream',
  })
  if (request.method === 'HEAD') return void response.end()
  // Questions for the size (one byte) do not count as downloads that may break.
  const fault = end - start > 1 ? breakingFault(hub, path) : undefined
  for await (const chunk of content.read(start, end)) await send(hub, fault, chunk, response)
  response.end()
}

type BreakingFault = Extract<Fault, { type: 'cut' | 'stall' | 'wrong-bytes' }> & { sent: number }

function breakingFault(hub: Hub, path: string): BreakingFault | undefined {
  const fault =
    takeFault(hub, 'cut', path) ?? takeFault(hub, 'stall', path) ?? takeFault(hub, 'wrong-bytes', path)
  return (fault && 'afterBytes' in fault) || fault?.type === 'wrong-bytes' ? { ...fault, sent: 0 } : undefined
}

async function send(hub: Hub, fault: BreakingFault | undefined, chunk: Uint8Array, response: ServerResponse) {
  let part = chunk
  if (fault?.type === 'wrong-bytes') part = chunk.map((byte) => byte ^ 1)
  else if (fault) part = chunk.subarray(0, Math.max(0, fault.afterBytes - fault.sent))
  if (fault) fault.sent += part.length
  hub.sentBytes += part.length
  if (!response.write(part)) await drained(response)
  if (response.destroyed) throw new Error('the client left')
  if (part.length === chunk.length) return
  // What was sent must leave this process before the connection breaks.
  await sleep(20)
  if (fault?.type === 'stall') await new Promise((resolve) => response.once('close', resolve))
  throw new Error('cut')
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    function done(): void {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

export async function applyStatusFault(
  hub: Hub,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const fault = request.method === 'GET' ? takeFault(hub, 'status', path) : undefined
  if (fault?.type !== 'status') return false
  if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter)
  fail(response, fault.status, '', 'fault')
  return true
}

function takeFault(hub: Hub, type: Fault['type'], path: string): Fault | undefined {
  const fault = hub.faults.find(
    (one) => one.type === type && (one.path === undefined || one.path === path) && one.times !== 0,
  )
  if (fault?.times !== undefined) fault.times -= 1
  return fault
}

export function fail(response: ServerResponse, status: number, code: string, message: string): void {
  if (code) response.setHeader('x-error-code', code)
  response.setHeader('x-error-message', message)
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: message }))
}
