import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface AnsweringServer {
  /** `127.0.0.1:PORT`. */
  host: string
  url: string
  /** Method and path, with its query, of every request. */
  asked: string[]
  close(): Promise<void>
}

/** A server that gives one answer to whatever is asked. */
export async function startAnswering(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<AnsweringServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    // A body that is not read would keep its sender waiting.
    request.resume()
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    asked,
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** A port where nobody listens: one that was free a moment ago. */
export async function closedHost(): Promise<string> {
  const server = await startAnswering((_, response) => response.end())
  await server.close()
  return server.host
}
