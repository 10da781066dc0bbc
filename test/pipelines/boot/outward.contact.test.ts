import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { parseFacts } from '../../../images/boot/container-facts.ts'

const run = promisify(execFile)
const boot = join(import.meta.dirname, '../../../pipelines/boot')
const isRoot = process.getuid?.() === 0

/** Lets a program of Python try something in a network namespace of its own and reads the facts of that namespace. */
async function factsAfter(attempt: string, withSink = true) {
  const watching = [
    `sh ${boot}/sink.sh`,
    'sent=$(mktemp)',
    `perl ${boot}/sent.pl nowhere > $sent & watcher=$!`,
    'trap "kill $watcher; rm $sent" EXIT',
    'until [ -s $sent ]; do sleep 0.01; done',
  ]
  const script = [
    'set -e',
    ...(withSink ? watching : ['ip link set lo up']),
    `python3 -c '${attempt}'`,
    // What has arrived is still to be written down.
    'sleep 0.2',
    `sh ${boot}/facts.sh $$ "" $sent`,
  ].join('\n')
  const { stdout } = await run('unshare', ['--net', 'sh', '-c', script])
  return parseFacts(stdout)
}

const udp4 = 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)'
const tcp6 = 'import socket; s = socket.socket(socket.AF_INET6)'

test.skipIf(!isRoot).each([
  ['nothing', 'pass', 0, 0, []],
  // Servers ask for their own address like this and send nothing.
  ['asking the kernel for a route', `${udp4}; s.connect(("8.8.8.8", 80))`, 0, 0, []],
  ['one packet', `${udp4}; s.sendto(b"x", ("8.8.8.8", 99))`, 1, 0, ['udp 8.8.8.8:99']],
  [
    'a look-up',
    `${udp4}; s.sendto(bytes(12) + b"\\x07example\\x03org\\x00\\x00\\x01\\x00\\x01", ("8.8.8.8", 53))`,
    1,
    0,
    ['udp 8.8.8.8:53 look-up of example.org'],
  ],
  ['no look-up at its port', `${udp4}; s.sendto(b"x", ("8.8.8.8", 53))`, 1, 0, ['udp 8.8.8.8:53']],
  [
    'a connection',
    'import socket; s = socket.socket(); s.settimeout(0.2); s.connect_ex(("1.1.1.1", 443))',
    1,
    0,
    ['tcp 1.1.1.1:443'],
  ],
  ['a connection over IPv6', `${tcp6}; s.connect_ex(("2001:db8::1", 443))`, 0, 1, []],
  [
    'talk on the loopback',
    `import socket; a = socket.create_server(("127.0.0.1", 0)); socket.create_connection(a.getsockname())`,
    0,
    0,
    [],
  ],
] as const)('%s is counted, and named where it left', async (_, attempt, packets, refused, sent) => {
  const facts = await factsAfter(attempt)
  expect(facts).toMatchObject({ outwardPackets: packets, outwardRefused: refused, sent })
  expect(facts.interfaces).toEqual(['lo', 'nowhere', 'sink'])
})

test.skipIf(!isRoot)('without a sink and a route, the kernel counts what it refused', async () => {
  const facts = await factsAfter('import socket; socket.socket().connect_ex(("1.1.1.1", 443))', false)
  expect(facts).toMatchObject({ outwardPackets: 0, outwardRefused: 1, interfaces: ['lo'] })
})
