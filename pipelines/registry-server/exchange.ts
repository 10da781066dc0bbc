import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Draft } from '../store/draft.ts'
import type { Store } from '../store/store.ts'

/** Uploads that are under way, by id. They end with the server. */
export type Uploads = Map<string, { name: string; draft: Draft; busy: boolean }>

/** One request on its way through the registry. */
export interface Exchange {
  store: Store
  uploads: Uploads
  request: IncomingMessage
  response: ServerResponse
  query: URLSearchParams
}

export type Headers = Record<string, string | number>

export function sendEmpty({ response }: Exchange, status: number, headers: Headers = {}): void {
  const length = status === 204 ? {} : { 'Content-Length': 0 }
  response.writeHead(status, { ...length, ...headers }).end()
}

/** Sends text with its length; a HEAD request gets the headers alone. */
export function sendText(
  { request, response }: Exchange,
  status: number,
  text: string,
  headers: Headers,
): void {
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(text), ...headers })
  response.end(request.method === 'HEAD' ? undefined : text)
}

export function sendJson(exchange: Exchange, status: number, value: unknown, headers: Headers = {}): void {
  sendText(exchange, status, JSON.stringify(value), { 'Content-Type': 'application/json', ...headers })
}
