import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'

export interface ConnectProxy {
  url: string
  /** Hosts that connections were asked to. */
  seen: string[]
  close(): Promise<void>
}

/** A proxy that leads every CONNECT to one port of this machine, as if the name in it were there. */
export async function startConnectProxy(port: number): Promise<ConnectProxy> {
  const seen: string[] = []
  const server = createServer((_, answer) => answer.writeHead(405).end())
  server.on('connect', (request, client, head) => {
    seen.push(request.url ?? '')
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client).pipe(upstream)
    })
    for (const socket of [upstream, client])
      socket.on('error', () => void [upstream.destroy(), client.destroy()])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    seen,
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
