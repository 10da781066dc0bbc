import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

// A proxy in a process of its own, between load-clock.ts and a server: says of each connection when bytes went through it.

const upstream = new URL(process.argv[2] ?? '')

/** The clock that all processes of a machine share, in ms. */
const now = () => Number(process.hrtime.bigint()) / 1e6

const proxy = createServer((client) => {
  const server = connect(Number(upstream.port), upstream.hostname)
  const seen = { prompt: '', askedMs: 0, firstMs: 0, lastMs: 0 }
  let asked = ''
  client.setNoDelay(true)
  client.on('data', (bytes) => {
    if (seen.askedMs === 0) seen.askedMs = now()
    asked += bytes.toString('utf8')
    server.write(bytes)
  })
  server.on('data', (bytes) => {
    const atMs = now()
    client.write(bytes)
    if (!bytes.includes('"content":"word')) return
    if (seen.firstMs === 0) seen.firstMs = atMs
    seen.lastMs = atMs
  })
  const end = () => {
    if (seen.firstMs === 0) return
    seen.prompt = /"content":"([^"]+)"/.exec(asked)?.[1] ?? ''
    process.stdout.write(`${JSON.stringify(seen)}\n`)
    seen.firstMs = 0
  }
  for (const [socket, other] of [
    [client, server],
    [server, client],
  ] as const) {
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      other.destroy()
      end()
    })
  }
})
proxy.listen(0, '127.0.0.1')
await once(proxy, 'listening')
// A TCP server has an address of this kind.
process.stdout.write(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}\n`)
