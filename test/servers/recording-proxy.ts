import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PassedRequest {
  method: string
  /** Host with its port. */
  host: string
  path: string
  agent: string | undefined
}

export interface RecordingProxy {
  url: string
  passed: PassedRequest[]
  close(): Promise<void>
}

/** A forward proxy for plain HTTP, as HTTP_PROXY names one, that writes down what goes through it. */
export async function startRecordingProxy(): Promise<RecordingProxy> {
  const passed: PassedRequest[] = []
  const server = createServer((incoming, answer) => {
    const to = new URL(incoming.url ?? '')
    const { method = '', headers } = incoming
    passed.push({ method, host: to.host, path: `${to.pathname}${to.search}`, agent: headers['user-agent'] })
    const outgoing = request(to, { method, headers })
    outgoing.on('error', () => answer.destroy())
    outgoing.on('response', (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(answer)
    })
    incoming.on('error', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    passed,
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
