import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BlobDraft } from '../store/draft.ts'
import type { Store } from '../store/store.ts'

/** Uploads that are under way, by id. They end with the server. */
export type Uploads = Map<string, { name: string; draft: BlobDraft; busy: boolean }>

/** One request on its way through the registry. */
export interface RegistryRequest {
  store: Store
  uploads: Uploads
  request: IncomingMessage
  response: ServerResponse
  query: URLSearchParams
}

export type ResponseHeaders = Record<string, string | number>

export function sendEmpty(
  { response }: RegistryRequest,
  status: number,
  headers: ResponseHeaders = {},
): void {
  const length = status === 204 ? {} : { 'Content-Length': 0 }
  response.writeHead(status, { ...length, ...headers }).end()
}

/** Sends text with its length; a HEAD request gets the headers alone. */
export function sendText(
  { request, response }: RegistryRequest,
  status: number,
  text: string,
  headers: ResponseHeaders,
): void {
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(text), ...headers })
  response.end(request.method === 'HEAD' ? undefined : text)
}

export function sendJson(
  exchange: RegistryRequest,
  status: number,
  value: unknown,
  headers: ResponseHeaders = {},
): void {
  sendText(exchange, status, JSON.stringify(value), { 'Content-Type': 'application/json', ...headers })
}
