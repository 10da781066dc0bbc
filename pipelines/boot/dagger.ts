import { writeFile } from 'node:fs/promises'
import { parseFacts } from '../../images/boot/container-facts.ts'
import { parseListeners } from '../../images/boot/listeners.ts'
import { instructionsOf, type RunnerFacts } from '../../images/boot/runner-facts.ts'
import type { StopObservation } from '../../images/boot/stop-check.ts'
import { optional } from '../../lib/optional.ts'
import type { Channel } from './channel.ts'
import { forwardTo } from './forward.ts'
import { type DaggerBoot, nativePlatform, toolsOf } from './harness.ts'
import { type HarnessYard, harnessYard, withHarness, withHarnesses } from './harness-yard.ts'
import { logReader } from './log-reader.ts'
import { giveOrder } from './order.ts'
import type { BootedServer, BootRequest, LoadingOutcome, LoadingStop, Runner } from './runner.ts'

/** Boots images with runc inside an exec of the engine, pulled by digest from the store. */
export function daggerRunner(context: DaggerBoot): Runner {
  const yard = harnessYard(context)
  return {
    name: 'dagger',
    gpus: 0,
    hasWorkers: true,
    takesTurns: true,
    machine: () => machineOf(context),
    ahead: (requests, use) => withHarnesses(yard, requests, use),
    boot: (request, use) => bootInDagger(yard, request, use),
    stopWhileLoading: (request, stop) => stopInDagger(yard, request, stop),
  }
}

async function bootInDagger<Result>(
  yard: HarnessYard,
  request: BootRequest,
  use: (server: BootedServer) => Promise<Result>,
): Promise<Result> {
  return withHarness(yard, request, ({ channel, aheadMs }) =>
    withServer(channel, request, async (server) => {
      await giveOrder(channel, 'start')
      return use({ ...server, aheadMs })
    }),
  )
}

/** The harness itself looks for the line: over the tunnel a small model would be loaded long before the signal comes. */
async function stopInDagger(
  yard: HarnessYard,
  request: BootRequest,
  stop: LoadingStop,
): Promise<LoadingOutcome> {
  return withHarness(yard, request, ({ channel }) =>
    withServer(channel, request, async (server) => ({
      stopped: await server.stopOnceSaid(stop),
      log: await server.log(),
    })),
  )
}

/** The machine of the engine, which may be another than this one. */
async function machineOf(context: DaggerBoot): Promise<RunnerFacts> {
  const native = await nativePlatform(context.client)
  const said = await (await toolsOf(context))
    .withEnvVariable('INGOT_ASKED_AT', new Date().toISOString())
    .withExec([
      'sh',
      '-c',
      'uname -r; nproc; cat /proc/meminfo; grep -m 1 -E "^(flags|Features)" /proc/cpuinfo || true',
    ])
    .stdout()
  const [kernel = '', cpus = ''] = said.split('\n')
  return {
    runner: 'dagger',
    version: await context.client.version(),
    kernel,
    cpus: Number(cpus),
    memoryBytes: Number(/^MemTotal:\s+(\d+)/m.exec(said)?.[1]) * 1024,
    gpus: [],
    driver: null,
    cuda: null,
    ...instructionsOf(said),
    ...(native === context.platform ? {} : { emulates: context.platform }),
  }
}

/** The server behind the channel, which is asked through a port of this machine. */
async function withServer<Result>(
  channel: Channel,
  { workers }: BootRequest,
  use: (server: BootedServer) => Promise<Result>,
): Promise<Result> {
  const reach = await forwardTo(() => channel.open('server'))
  const beside = workers?.names.map((name, index) => ({
    name,
    ...processOf(channel, `worker-${index + 1}/`),
  }))
  try {
    return await use({ ...serverOf(channel, reach.url), ...optional('workers', beside) })
  } finally {
    reach.close()
  }
}

function serverOf(channel: Channel, url: string): BootedServer {
  const order = async (line: string) => (await giveOrder(channel, line)).toString()
  return {
    url,
    ...processOf(channel, ''),
    processors: () => order('processors'),
    listeners: async () => parseListeners(await order('listeners')),
    gpuMemoryBytes: async () => null,
    // It hands no GPUs to a server.
    computeCache: async () => '',
    async compiledFiles(folders) {
      const listed = await order(`compile-cache added ${folders.join(' ')}`)
      return listed.split('\n').filter((path) => path !== '')
    },
    saveCompiled: async (folders, file) =>
      writeFile(file, await giveOrder(channel, `compile-cache tar ${folders.join(' ')}`)),
    async stopOnceSaid({ signal, timeoutSeconds, startSeconds, line }) {
      const answer = await order(`stop-loading ${nameOf(signal)}:${timeoutSeconds}:${startSeconds}:${line}`)
      return answer.startsWith('unseen') ? null : parseStop(answer)
    },
  }
}

/** One that runc started; `place` stands before the orders that are for a worker. */
function processOf(
  channel: Channel,
  place: '' | `worker-${number}/`,
): Pick<BootedServer, 'exitCode' | 'facts' | 'log' | 'stop'> {
  const order = async (line: string) => (await giveOrder(channel, `${place}${line}`)).toString()
  return {
    exitCode: async () => exitOf(await order('state')),
    facts: async () => parseFacts(await order('facts')),
    log: logReader((fromByte) => giveOrder(channel, `${place}log ${fromByte}`)),
    stop: async (signal, timeoutSeconds) =>
      parseStop(await order(`stop ${nameOf(signal)}:${timeoutSeconds}`)),
  }
}

/** As `kill` names a signal. */
function nameOf(signal: string): string {
  return signal.replace(/^SIG/, '')
}

function exitOf(answer: string): number | null {
  const exit = /^exit (\d+)/m.exec(answer)?.[1]
  return exit === undefined ? null : Number(exit)
}

function parseStop(answer: string): StopObservation {
  return { exitCode: exitOf(answer), waitedMs: Number(/^waited-ms (\d+)/m.exec(answer)?.[1] ?? 0) }
}
