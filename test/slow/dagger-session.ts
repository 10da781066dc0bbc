import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IngotError } from '../../lib/error.ts'
import { explained, lazyEngine } from '../../pipelines/process/session.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'

// What a build asks of a session, once: an exec, a server of this process that a container reaches, a tunnel to a container's
// port, and how a command that fails is told. Prints it as JSON.

const logFile = join(tmpdir(), `ingot-session-${process.pid}.log`)
const engine = lazyEngine(readSettings(process.env), logFile)
const client = await engine.client()
const base = client.container().from('debian:forky-slim')
const perl = (program: string) => ['perl', '-MIO::Socket::INET', '-e', program]

const server = createServer((socket) => socket.on('error', () => undefined).end('from this process'))
await once(server.listen(0, '127.0.0.1'), 'listening')
// A server that listens on a port has an address of this form.
const { port } = server.address() as AddressInfo
// Read once and not to the end: a container does not notice that a server of this process hung up (engine 0.21.8).
const host = client.host().service([{ frontend: 8080, backend: port }])
const asked = base
  .withServiceBinding('host', host)
  .withExec(
    perl('my $s = IO::Socket::INET->new("host:8080") or die; sysread($s, my $said, 100); print $said'),
  )

const listener = perl(
  'my $l = IO::Socket::INET->new(Listen => 5, LocalPort => 9000) or die; while (my $c = $l->accept) { print $c "from a container"; close $c }',
)
const tunnel = client.host().tunnel(base.withExposedPort(9000).asService({ args: listener }))

async function throughTunnel(): Promise<string> {
  const [name, number] = (await (await tunnel.start()).endpoint()).split(':')
  const socket = connect({ host: name ?? '', port: Number(number) })
  return String((await once(socket, 'data'))[0])
}

async function failure(): Promise<unknown> {
  const error = await base
    .withExec(['sh', '-c', 'echo no luck >&2; exit 7'])
    .sync()
    .catch((cause: unknown) => cause)
  const told = explained(error, logFile)
  return told instanceof IngotError ? told.failure.found : String(told)
}

const seen = {
  said: await base.withExec(['echo', 'hello']).stdout(),
  asked: await asked.stdout(),
  tunnel: await throughTunnel(),
  failed: await failure(),
}
process.stdout.write(JSON.stringify(seen))
server.close()
await engine.close()
process.exit(0)
