import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream/promises'

/**
 * Runs inside a container's network namespace: takes connections on a socket file, which no namespace hides, and
 * passes them on to a port of the loopback there. Arguments: socket file, port.
 */
const [socketFile = '', port = ''] = process.argv.slice(2)

createServer({ allowHalfOpen: true }, (outer) => {
  const inner = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true })
  const end = () => {
    outer.destroy()
    inner.destroy()
  }
  // A refused connection is closed, as the port itself would.
  pipeline(outer, inner).catch(end)
  pipeline(inner, outer).catch(end)
}).listen(socketFile, () => process.stdout.write('listening\n'))
