import { join } from 'node:path'
import { expect, test } from 'vitest'
import { verdictOf } from '../../../images/report/report.ts'
import { digestOf } from '../../../lib/digest.ts'
import { verifyImage } from '../../../pipelines/verify/verify.ts'
import { namespaceRunner } from '../../servers/namespace.ts'
import { complaints, limits, plan } from '../verify/plan.ts'

const isRoot = process.getuid?.() === 0
const program = [process.execPath, join(import.meta.dirname, '../../servers/bound-server.ts')]

/** Verifies a small server that runs in namespaces of its own and is told where to listen. */
async function verifyBound(args: readonly string[], environment: Record<string, string> = {}) {
  const [boot] = await verifyImage(digestOf('bound'), plan, {
    runner: namespaceRunner({ command: [...program, ...args], environment }),
    onStep: () => undefined,
    // A server that starts on a busy machine is not there at once.
    limits: { ...limits, answerSeconds: 10 },
  })
  if (boot === undefined) throw new Error('nothing was booted')
  return boot
}

test.skipIf(!isRoot).each([
  ['all of IPv4', ['--host', '0.0.0.0']],
  ['both versions of IP', ['--host', '::']],
  ['the address of its container', ['--host', '192.0.2.2']],
])(
  'a server that listens on %s is reached through its port, and nothing counts as sent outward',
  async (_, args) => {
    const boot = await verifyBound(args)
    expect(complaints(boot.checks)).toEqual([])
    expect(verdictOf([boot])).toBe('verified')
    expect(boot.facts).toMatchObject({ outwardPackets: 0, outwardRefused: 0 })
  },
)

test.skipIf(!isRoot).each<[string, string[], Record<string, string>, string]>([
  ['an argument', ['--host', '127.0.0.1'], {}, '127.0.0.1:8080'],
  ['the environment', [], { HOST: '127.0.0.1' }, '127.0.0.1:8080'],
  ['a name', ['--host', 'localhost'], {}, '127.0.0.1:8080'],
  ['another address of the loopback', ['--host', '127.8.7.6'], {}, '127.8.7.6:8080'],
  ['an argument for IPv6', ['--host', '::1'], {}, '[::1]:8080'],
  ['an IPv4 address in an IPv6 one', ['--host', '::ffff:127.0.0.1'], {}, '127.0.0.1:8080'],
])('a server that listens on loopback only by %s fails at once', async (_, args, environment, where) => {
  const boot = await verifyBound(args, environment)
  expect(complaints(boot.checks)[0]).toContain(
    `ready failed: it listens on loopback only (${where}): nobody can reach it through the published port; last answer: `,
  )
  expect(verdictOf([boot])).toBe('failed')
})

test.skipIf(!isRoot)('a server on another port than the published one is told where it listens', async () => {
  const boot = await verifyBound(['--port', '8081'])
  expect(complaints(boot.checks)[0]).toContain(
    'not ready within 2 s; port 8080 is published, and it listens on 0.0.0.0:8081; last answer: ',
  )
})
