import { deleteBlob, sendBlob } from './blobs.ts'
import { RegistryServerError } from './error.ts'
import { type RegistryRequest, sendEmpty, sendJson } from './exchange.ts'
import { sendReferrers, sendTags } from './listings.ts'
import { deleteManifest, receiveManifest, sendManifest } from './manifests.ts'
import { parseRoute, type Route } from './route.ts'
import { cancelUpload, continueUpload, finishUpload, sendUploadStatus, startUpload } from './uploads.ts'

type Handler = (exchange: RegistryRequest) => Promise<void> | void
type Methods = Partial<Record<string, Handler>>

/** Answers a request by its path and method. Throws `UNSUPPORTED` for a method that the path, or a read-only registry, does not take. */
export async function dispatch(
  exchange: RegistryRequest,
  method: string,
  path: string,
  writable: boolean,
): Promise<void> {
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
        PUT: (exchange) => receiveManifest(exchange, route),
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

function notAllowed(method: string, path: string, writable: boolean): RegistryServerError {
  return new RegistryServerError('UNSUPPORTED', {
    attempted: `${method} ${path}`,
    found: writable ? 'there is no such act' : 'this registry only serves reads',
    hint: 'see the OCI distribution spec for what each path takes',
  })
}
