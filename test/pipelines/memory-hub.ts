import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeHub {
  url: string
  /** Bytes of file content that were sent. */
  sentBytes(): number
  tokens(): string[]
  close(): Promise<void>
}

/**
 * A Hub with one repository, `owner/model`: the file list, and files by range. It asks for a token when one is given, and is
 * busy at the requests of these numbers, the first of which is 0.
 */
export async function startHub(
  files: Readonly<Record<string, Buffer>>,
  token?: string,
  busyAt: readonly number[] = [],
): Promise<FakeHub> {
  let sent = 0
  const tokens: string[] = []
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization ?? '')
    if (busyAt.includes(tokens.length - 1)) return void response.writeHead(503).end()
    if (token && request.headers.authorization !== `Bearer ${token}`) return refuse(response)
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://hub').pathname)
    if (path.startsWith('/api/models/owner/model/tree/main')) return list(files, response)
    const name = path.replace('/owner/model/resolve/main/', '')
    const file = files[name]
    if (!file) return notFound(response)
    sent += sendRange(file, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    sentBytes: () => sent,
    tokens: () => tokens,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function refuse(response: ServerResponse): void {
  response.writeHead(401, { 'x-error-code': 'GatedRepo' }).end()
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
}

function list(files: Readonly<Record<string, Buffer>>, response: ServerResponse): void {
  const entries = Object.entries(files).map(([path, { length }]) => ({
    type: 'file',
    path,
    size: length,
    oid: '0',
  }))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(entries))
}

function sendRange(file: Buffer, request: IncomingMessage, response: ServerResponse): number {
  const [, from = '0', to = ''] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? []
  const part = file.subarray(Number(from), to === '' ? file.length : Number(to) + 1)
  const isPart = request.headers.range !== undefined
  response.writeHead(isPart ? 206 : 200, {
    etag: '"0123456789abcdef"',
    'content-length': part.length,
    ...(isPart ? { 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${file.length}` } : {}),
  })
  response.end(request.method === 'HEAD' ? undefined : part)
  return part.length
}
