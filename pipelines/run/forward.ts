import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { messageOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'

/** A port of this machine's loopback that leads to a server, once it is told to which. */
export interface OpenPort {
  url: string
  /** From now on connections go there; before, they are closed at once. */
  leadTo(url: string): void
  /** Ends what is still connected as well. */
  close(): void
}

/** Takes the port, or a free one, before anything is started. Throws `unfit-machine` for one that is taken. */
export async function openPort(port: number): Promise<OpenPort> {
  let target: URL | undefined
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (outer) => {
    if (target === undefined) return void outer.destroy()
    const inner = connect({ host: target.hostname, port: Number(target.port), allowHalfOpen: true })
    join(outer, inner, sockets)
  })
  const url = `http://127.0.0.1:${await listenOn(server, port)}`
  return {
    url,
    leadTo: (place) => {
      target = new URL(place)
    },
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function listenOn(server: Server, port: number): Promise<number> {
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (cause) {
    throw new StageError('unfit-machine', {
      attempted: `listen on port ${port} of 127.0.0.1`,
      found: messageOf(cause),
      hint: 'choose another with --port, or leave it out for a free one',
      cause,
    })
  }
  // A listening TCP server has an address with a port.
  return (server.address() as AddressInfo).port
}

/** Each side ends with the other; `open` holds both for as long as they are. */
function join(outer: Socket, inner: Socket, open: Set<Socket>): void {
  for (const socket of [outer, inner]) {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  const end = () => {
    outer.destroy()
    inner.destroy()
  }
  pipeline(outer, inner).catch(end)
  pipeline(inner, outer).catch(end)
}
