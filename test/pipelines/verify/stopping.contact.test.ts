import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { BusyStops } from '../../../images/boot/probe.ts'
import { stopSchedule } from '../../../images/boot/stop-check.ts'
import { verdictOf } from '../../../images/report/report.ts'
import { digestOf } from '../../../lib/digest.ts'
import { verifyImage } from '../../../pipelines/verify/verify.ts'
import { namespaceRunner } from '../../servers/namespace.ts'
import { behaviour, complaints, limits, plan, verifyTiny } from './plan.ts'

const isRoot = process.getuid?.() === 0
const program = [process.execPath, join(import.meta.dirname, '../../servers/busy-server.ts')]

const ends: BusyStops = {
  loading: { type: 'ends', line: 'loading model', exitCodes: [0] },
  streaming: { type: 'ends', exitCodes: [0] },
  plain: { type: 'ends', exitCodes: [0] },
}

function planWith(busy: BusyStops) {
  const stop = { ...behaviour.stop, busy }
  const patient = { ...behaviour, readiness: { ...behaviour.readiness, timeoutSeconds: 20 }, stop }
  return { ...plan, verify: { ...plan.verify, startTimeoutSeconds: 5, behaviour: patient } }
}

/** Verifies a small server that is the first process of namespaces of its own, as in a container. */
async function verifyBusy(args: readonly string[], busy: BusyStops = ends, underWayMs = limits.underWayMs) {
  const [boot] = await verifyImage(digestOf('busy'), planWith(busy), {
    runner: namespaceRunner({ command: [...program, ...args] }),
    onStep: () => undefined,
    limits: { ...limits, answerSeconds: 10, underWayMs },
  })
  if (boot === undefined) throw new Error('nothing was booted')
  return boot
}

const killed = 'ignored: still there after 1 s, then killed'

test.skipIf(!isRoot)(
  'a server that ends at once is stopped on each occasion, and every time is in the report',
  async () => {
    // It hears signals once it has a handler; a server that loads has one as well.
    const loading = { type: 'ends', line: 'listening', exitCodes: [0] } as const
    const boot = await verifyBusy([], { ...ends, loading })
    expect(complaints(boot.checks)).toEqual([])
    expect(verdictOf([boot])).toBe('verified')
    expect(boot.stops?.map(({ occasion }) => occasion)).toEqual(['streaming', 'plain', 'idle', 'loading'])
    expect(boot.stops?.every(({ exitCode, waitedMs }) => exitCode === 0 && waitedMs < 1000)).toBe(true)
    const streamed = boot.checks.find(({ id }) => id === 'stop-streaming')
    expect(streamed?.evidence).toMatch(/^what its client saw: the connection broke after \d+ bytes/)
  },
  60_000,
)

test.skipIf(!isRoot)(
  'a server that loads when it is first asked is stopped meanwhile',
  async () => {
    const loading = { type: 'ends', line: 'loading model', exitCodes: [0], onDemand: true } as const
    const boot = await verifyBusy(['--on-demand', '--load-ms', '2000'], { ...ends, loading })
    expect(complaints(boot.checks)).toEqual([])
    expect(boot.stops?.map(({ occasion }) => occasion)).toEqual(['streaming', 'plain', 'idle', 'loading'])
    expect(boot.stops?.at(-1)?.waitedMs).toBeLessThan(1000)
  },
  60_000,
)

test.skipIf(!isRoot).each<[string, string[], BusyStops, string]>([
  ['does not hear while it loads', ['--load-ms', '1500'], ends, `stop-loading failed: ${killed}`],
  ['ends only after its stream', ['--waits-for', 'stream'], ends, `stop-streaming failed: ${killed}`],
  ['ends only after a plain answer', ['--waits-for', 'plain'], ends, `stop-plain failed: ${killed}`],
  ['waits for a client that stays', ['--waits-for', 'client'], ends, `stop-plain failed: ${killed}`],
  [
    'waits for an answer though its client hung up',
    ['--waits-for', 'plain'],
    { ...ends, plain: { type: 'ends-without-client', exitCodes: [0], source: 'its definition' } },
    `stop-plain failed: ${killed}`,
  ],
  [
    'never says that it loads',
    [],
    { ...ends, loading: { type: 'ends', line: 'never said', exitCodes: [0] } },
    'stop-loading skipped: not known: its log never said "never said"',
  ],
  [
    'never says that it loads, though it is asked',
    [],
    { ...ends, loading: { type: 'ends', line: 'never said', exitCodes: [0], onDemand: true } },
    'stop-loading skipped: not known: its log never said "never said"',
  ],
])(
  'a server that %s fails with these words',
  async (_, args, busy, words) => {
    // On a busy machine a question takes more than the usual 50 ms to reach the server.
    const boot = await verifyBusy(args, busy, 2000)
    expect(complaints(boot.checks).join('\n')).toContain(words)
    expect(verdictOf([boot])).not.toBe('verified')
  },
  60_000,
)

test.skipIf(!isRoot)(
  'a server that is through with a long answer too soon is not known to stop at work',
  async () => {
    // Long enough for an answer of 1 ms on the busiest machine.
    const boot = await verifyBusy(['--work-ms', '1'], ends, 10_000)
    expect(complaints(boot.checks).join('\n')).toContain(
      'stop-plain skipped: not known: it was over too soon: a whole answer, status 200',
    )
    expect(verdictOf([boot])).not.toBe('verified')
  },
  60_000,
)

test.skipIf(!isRoot)(
  'a server that is through with one long answer too soon gets more at once, until it is at work',
  async () => {
    const loading = { type: 'ends', line: 'listening', exitCodes: [0] } as const
    const boot = await verifyBusy(['--work-ms', '100', '--one-by-one'], { ...ends, loading }, 1000)
    expect(complaints(boot.checks)).toEqual([])
    expect(boot.stops?.map(({ occasion }) => occasion)).toContain('plain')
  },
  60_000,
)

test.skipIf(!isRoot)(
  'a server that refuses a long answer is not at work on it, and gets a shorter one',
  async () => {
    const loading = { type: 'ends', line: 'listening', exitCodes: [0] } as const
    const boot = await verifyBusy(['--most-tokens', '500'], { ...ends, loading })
    expect(complaints(boot.checks)).toEqual([])
    const streamed = boot.checks.find(({ id }) => id === 'stop-streaming')
    expect(streamed?.evidence).toMatch(/^what its client saw: the connection broke after/)
    const deaf = await verifyBusy(['--most-tokens', '50'], { ...ends, loading })
    expect(complaints(deaf.checks).join('\n')).toContain('it was over too soon: a whole answer, status 400')
    expect(verdictOf([deaf])).not.toBe('verified')
  },
  60_000,
)

test.skipIf(!isRoot)(
  'a server that waits for its client passes where its definition says so',
  async () => {
    const plain = { type: 'ends-without-client', exitCodes: [0], source: 'its definition' } as const
    const boot = await verifyBusy(['--waits-for', 'client'], { ...ends, plain })
    const check = boot.checks.find(({ id }) => id === 'stop-plain')
    expect(check).toMatchObject({
      status: 'passed',
      title: expect.stringContaining('once the client has hung up'),
    })
  },
  60_000,
)

test('what a definition says cannot be is shown and required of nobody', async () => {
  const busy: BusyStops = { ...ends, loading: { type: 'deaf', source: 'read in its source' } }
  const boot = await verifyTiny({
    plan: { verify: { ...plan.verify, behaviour: { ...behaviour, stop: { ...behaviour.stop, busy } } } },
  })
  const check = boot.checks.find(({ id }) => id === 'stop-loading')
  expect(check).toMatchObject({
    status: 'skipped',
    required: false,
    observed: 'not known: read in its source',
  })
})

test('a server that was never ready is not booted again to be stopped', async () => {
  const boot = await verifyTiny({
    routes: (server) => {
      server.die(1)
      return {}
    },
    plan: planWith(ends),
  })
  expect(complaints(boot.checks).filter((words) => words.startsWith('stop-'))).toEqual([
    'stop-plain skipped: not known: the server was never ready',
    'stop-loading skipped: not known: the server was never ready',
  ])
}, 60_000)

test.each([
  [undefined, 2, ['idle', 'idle'], []],
  [ends, 1, ['streaming'], ['plain', 'idle', 'loading']],
  [ends, 2, ['streaming', 'plain'], ['idle', 'loading']],
  [ends, 4, ['streaming', 'plain', 'idle', 'idle'], ['loading']],
  [{ ...ends, loading: { type: 'deaf', source: '' } } as const, 3, ['streaming', 'plain', 'idle'], []],
] as const)('stops of %j over %d boots', (busy, boots, ofBoots, besides) => {
  const rules = { ...behaviour.stop, ...(busy && { busy }) }
  expect(stopSchedule(rules, boots)).toEqual({ ofBoots, besides })
})
