import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Store } from '../store/store.ts'
import { deleteBlob, sendBlob } from './blobs.ts'
import { answerFor, RegistryError } from './error.ts'
import { type Exchange, sendEmpty, sendJson } from './exchange.ts'
import { sendReferrers, sendTags } from './listings.ts'
import { deleteManifest, putManifest, sendManifest } from './manifests.ts'
import { parseRoute, type Route } from './route.ts'
import {
  cancelUpload,
  continueUpload,
  discardUploads,
  finishUpload,
  sendUploadStatus,
  startUpload,
} from './uploads.ts'

export interface ServedRequest {
  method: string
  /** Path with its query. */
  url: string
  status: number
  /** Length the answer announced. */
  sizeBytes: number
  /** Why a request failed on our side. */
  error?: unknown
}

export interface ServeOptions {
  /** Takes pushes and deletes; default: no. */
  writable?: boolean
  /** Default: this machine only. */
  host?: string
  /** Default: any free one. */
  port?: number
  /** Called when an answer is complete or was cut. */
  onRequest?: (request: ServedRequest) => void
}

export interface Registry {
  port: number
  url: string
  /** Ends open connections and throws unfinished uploads away. */
  close(): Promise<void>
}

/** Serves the store by the OCI distribution spec over plain HTTP. There is no login: keep it on the loopback. */
export async function serveStore(store: Store, options: ServeOptions = {}): Promise<Registry> {
  const { writable = false, host = '127.0.0.1', port = 0, onRequest } = options
  const uploads: Exchange['uploads'] = new Map()
  const running = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const handling = handle(store, uploads, writable, request, response, onRequest)
    running.add(handling)
    handling.finally(() => running.delete(handling))
  })
  // Node ends requests after 300 s; a layer of many gigabytes takes longer.
  server.requestTimeout = 0
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: portOf(server),
    url: `http://${host}:${portOf(server)}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await Promise.allSettled(running)
      await discardUploads(uploads)
    },
  }
}

async function handle(
  store: Store,
  uploads: Exchange['uploads'],
  writable: boolean,
  request: IncomingMessage,
  response: ServerResponse,
  onRequest: ServeOptions['onRequest'],
): Promise<void> {
  const { method = 'GET', url = '/' } = request
  response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0')
  const { pathname, searchParams: query } = new URL(url, 'http://localhost')
  const exchange: Exchange = { store, uploads, request, response, query }
  let failure: unknown
  try {
    await dispatch(exchange, method, pathname, writable)
  } catch (error) {
    failure = error
    sendFailure(exchange, error)
  }
  const sizeBytes = Number(response.getHeader('content-length') ?? 0)
  const status = response.statusCode
  onRequest?.({ method, url, status, sizeBytes, ...(status >= 500 && { error: failure }) })
}

type Handler = (exchange: Exchange) => Promise<void> | void
type Methods = Partial<Record<string, Handler>>

async function dispatch(exchange: Exchange, method: string, path: string, writable: boolean): Promise<void> {
  const route = parseRoute(path)
  if (!route) return sendEmpty(exchange, 404)
  const handlers = { ...readers(route), ...(writable && writers(route)) }
  const handler = handlers[method]
  if (!handler) throw notAllowed(method, path, writable)
  await handler(exchange)
}

function readers(route: Route): Methods {
  switch (route.type) {
    case 'root':
      return both((exchange) => sendJson(exchange, 200, {}))
    case 'blob':
      return both((exchange) => sendBlob(exchange, route))
    case 'manifest':
      return both((exchange) => sendManifest(exchange, route))
    case 'tags':
      return both((exchange) => sendTags(exchange, route))
    case 'referrers':
      return both((exchange) => sendReferrers(exchange, route))
    default:
      return {}
  }
}

function writers(route: Route): Methods {
  switch (route.type) {
    case 'blob':
      return { DELETE: (exchange) => deleteBlob(exchange, route) }
    case 'manifest':
      return {
        PUT: (exchange) => putManifest(exchange, route),
        DELETE: (exchange) => deleteManifest(exchange, route),
      }
    case 'uploads':
      return { POST: (exchange) => startUpload(exchange, route) }
    case 'upload':
      return {
        GET: (exchange) => sendUploadStatus(exchange, route),
        PATCH: (exchange) => continueUpload(exchange, route),
        PUT: (exchange) => finishUpload(exchange, route),
        DELETE: (exchange) => cancelUpload(exchange, route),
      }
    default:
      return {}
  }
}

function both(handler: Handler): Methods {
  return { GET: handler, HEAD: handler }
}

function notAllowed(method: string, path: string, writable: boolean): RegistryError {
  return new RegistryError('UNSUPPORTED', {
    attempted: `${method} ${path}`,
    found: writable ? 'there is no such act' : 'this registry only serves reads',
    hint: 'see the OCI distribution spec for what each path takes',
  })
}

function sendFailure(exchange: Exchange, error: unknown): void {
  const { response } = exchange
  // Half an answer cannot be taken back; the client sees the connection cut.
  if (response.headersSent || response.destroyed) return void response.destroy()
  const { status, code, message } = answerFor(error)
  sendJson(exchange, status, { errors: [{ code, message }] })
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
