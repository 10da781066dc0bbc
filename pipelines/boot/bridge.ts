import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream/promises'

/**
 * Runs in the namespace outside of a container's published port: takes connections on a socket file, which no namespace
 * hides, and passes them on to the address of the container. Says its process id once it listens. Arguments: socket file,
 * address, port.
 */
const [socketFile = '', host = '', port = ''] = process.argv.slice(2)

createServer({ allowHalfOpen: true }, (outer) => {
  const inner = connect({ host, port: Number(port), allowHalfOpen: true })
  const end = () => {
    outer.destroy()
    inner.destroy()
  }
  // A refused connection is closed, as the port itself would.
  pipeline(outer, inner).catch(end)
  pipeline(inner, outer).catch(end)
}).listen(socketFile, () => process.stdout.write(`${process.pid}\n`))
