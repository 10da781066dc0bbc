import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { Store } from '../store/store.ts'
import { dispatch } from './dispatch.ts'
import { answerFor } from './error.ts'
import { type RegistryRequest, sendJson } from './exchange.ts'
import { discardUploads } from './uploads.ts'

export interface ServedRequest {
  method: string
  /** Path with its query. */
  url: string
  status: number
  /** Length the answer announced. */
  sizeBytes: number
  /** Why it was refused, failed, or was cut after its status was out. */
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
  const uploads: RegistryRequest['uploads'] = new Map()
  const running = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    // The answer itself may fail, when the client is gone: nothing is left to say then.
    const handling = handle({ store, uploads, request, response }, writable, onRequest)
      .catch(() => void response.destroy())
      .finally(() => running.delete(handling))
    running.add(handling)
  })
  // Node ends requests after 300 s; a layer of many gigabytes takes longer.
  server.requestTimeout = 0
  // After 5 s without a question Node ends a connection, also one whose next question has come in while the machine was too busy to
  // read it: whoever asked sees it reset.
  server.keepAliveTimeout = 0
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
  context: Omit<RegistryRequest, 'query'>,
  writable: boolean,
  onRequest: ServeOptions['onRequest'],
): Promise<void> {
  const { request, response } = context
  const { method = 'GET', url = '/' } = request
  response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0')
  // Split by hand: new URL throws for some texts that a client may send, and rewrites dots.
  const [path = '', query = ''] = url.split('?', 2)
  const exchange: RegistryRequest = { ...context, query: new URLSearchParams(query) }
  let failure: unknown
  try {
    await dispatch(exchange, method, path, writable)
  } catch (error) {
    failure = error
    sendFailure(exchange, error)
  }
  const sizeBytes = Number(response.getHeader('content-length') ?? 0)
  const status = response.statusCode
  onRequest?.({ method, url, status, sizeBytes, ...(failure !== undefined && { error: failure }) })
}

function sendFailure(exchange: RegistryRequest, error: unknown): void {
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
