import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server of secrets on this machine. */
export interface Vault {
  url: string
  reads: number
  close(): Promise<void>
}

/**
 * The part of HashiCorp Vault that its own Go client asks for a secret of a KV engine of version 2: reading, with the
 * token checked. `secrets` is path to fields.
 */
export async function startVault(
  token: string,
  secrets: Record<string, Record<string, string>>,
): Promise<Vault> {
  const vault: Vault = { url: '', reads: 0, close: async () => undefined }
  const server: Server = createServer((request, response) => {
    const send = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (request.headers['x-vault-token'] !== token) return send(403, { errors: ['permission denied'] })
    const path = /^\/v1\/secret\/data\/(.+)$/.exec(request.url ?? '')?.[1] ?? ''
    const data = secrets[path]
    if (data === undefined) return send(404, { errors: [] })
    vault.reads += 1
    const metadata = { created_time: '2026-01-01T00:00:00Z', deletion_time: '', destroyed: false, version: 1 }
    send(200, { request_id: '1', lease_duration: 0, renewable: false, data: { data, metadata } })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // An open TCP server has an object as its address.
  vault.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  vault.close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return vault
}
