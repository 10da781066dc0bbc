import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** A way to the port of a server that no network reaches. */
export interface Reach {
  url: string
  /** A process on the outside of the published port, where there is such a side. */
  outsidePid?: number
  /** A file that names what the server sends outward, packet by packet (sent.pl). */
  sentFile?: string
  close(): void
}

/** A port on loopback; each connection to it gets a stream of its own. */
export async function forwardTo(open: () => Duplex): Promise<Reach> {
  const server = createServer({ allowHalfOpen: true }, (outer) => {
    const inner = open()
    const end = () => {
      outer.destroy()
      inner.destroy()
    }
    pipeline(outer, inner).catch(end)
    pipeline(inner, outer).catch(end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() }
}
