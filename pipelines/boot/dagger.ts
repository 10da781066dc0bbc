import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client, Container } from '@dagger.io/dagger'
import { parseFacts } from '../../images/boot/container-facts.ts'
import { parseListeners } from '../../images/boot/listeners.ts'
import type { RunnerFacts } from '../../images/boot/runner-facts.ts'
import { nameFiles, runtimeSpec } from '../../images/boot/runtime-spec.ts'
import type { StopObservation } from '../../images/boot/stop-check.ts'
import type { ImageConfig } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { type FactoryLock, helperLock } from '../../recipes/lock.ts'
import { helperOf } from '../software/factory.ts'
import { readImageConfig } from '../store/image.ts'
import type { Store } from '../store/store.ts'
import { type Channel, openChannel } from './channel.ts'
import { forwardTo } from './forward.ts'
import { logReader } from './log-reader.ts'
import { giveOrder } from './order.ts'
import type { BootedServer, BootRequest, LoadingOutcome, LoadingStop, Runner } from './runner.ts'

/** What the Dagger runner needs besides the request. */
export interface DaggerBoot {
  client: Client
  store: Store
  /** Port on loopback where the store is served as a registry during the run. */
  registryPort: number
  platform: string
  /** Pins the container that boots; without it that is made of what base and archive have now. */
  factory?: FactoryLock | undefined
}

/** Of the harness; the server has a network of its own. */
const channelPort = 9100

/** Boots images with runc inside an exec of the engine, pulled by digest from the store. */
export function daggerRunner(context: DaggerBoot): Runner {
  return {
    name: 'dagger',
    gpus: 0,
    machine: () => machineOf(context),
    boot: (request, use) => bootInDagger(context, request, use),
    stopWhileLoading: (request, stop) => stopInDagger(context, request, stop),
  }
}

async function bootInDagger<Result>(
  context: DaggerBoot,
  request: BootRequest,
  use: (server: BootedServer) => Promise<Result>,
): Promise<Result> {
  return withHarness(context, request, 'at-once', (channel) => withServer(channel, use))
}

/** The harness itself looks for the line: over the tunnel a small model would be loaded long before the signal comes. */
async function stopInDagger(
  context: DaggerBoot,
  request: BootRequest,
  stop: LoadingStop,
): Promise<LoadingOutcome> {
  return withHarness(context, request, 'held', (channel) =>
    withServer(channel, async (server) => ({
      stopped: await server.stopOnceSaid(stop),
      log: await server.log(),
    })),
  )
}

/** Runs the harness around an image, which starts the server at once or on an order. */
async function withHarness<Result>(
  context: DaggerBoot,
  request: BootRequest,
  start: 'at-once' | 'held',
  use: (channel: Channel) => Promise<Result>,
): Promise<Result> {
  const config = await readImageConfig(context.store, request.image)
  const harness = await harnessOf(context, request, config)
  const service = harness.asService({
    args: ['sh', '/harness/harness.sh', String(request.port), String(channelPort), start],
    insecureRootCapabilities: true,
  })
  const tunnel = context.client.host().tunnel(service, { ports: [{ backend: channelPort, frontend: 0 }] })
  await tunnel.start()
  try {
    const [port] = await tunnel.ports()
    const channel = await openChannel((await port?.port()) ?? 0)
    try {
      return await use(channel)
    } finally {
      channel.close()
    }
  } finally {
    await tunnel.stop({ kill: true }).catch(() => undefined)
    await service.stop({ kill: true }).catch(() => undefined)
  }
}

async function harnessOf(context: DaggerBoot, request: BootRequest, config: ImageConfig): Promise<Container> {
  const given = Object.entries(request.variables ?? {}).map(([name, value]) => `${name}=${value}`)
  const spec = runtimeSpec(config, request.profile, {
    variables: given,
    rootfs: '/image',
    networkNamespace: '/var/run/netns/box',
    names: '/harness/etc',
    binds: (request.mounts ?? []).map(({ path }, index) => ({
      source: `/mounts/${index}${path}`,
      destination: path,
    })),
  })
  const scripts = ['harness.sh', 'channel.pl', 'facts.sh', 'processors.sh', 'sink.sh', 'published.sh']
  const contents = await Promise.all(scripts.map((name) => readFile(join(import.meta.dirname, name), 'utf8')))
  const files = [
    ...scripts.map((name, index) => ({ path: `/harness/${name}`, content: contents[index] ?? '' })),
    ...Object.entries(nameFiles).map(([name, content]) => ({ path: `/harness/etc/${name}`, content })),
    { path: '/harness/config.json', content: JSON.stringify(spec) },
  ]
  const mounted = (request.mounts ?? []).reduce(
    (container, { image }, index) =>
      container.withMountedDirectory(`/mounts/${index}`, pulledByDigest(context, image).rootfs()),
    (await toolsOf(context)).withMountedDirectory('/image', pulledByDigest(context, request.image).rootfs()),
  )
  const whole = files.reduce((container, { path, content }) => container.withNewFile(path, content), mounted)
  return withSecret(context.client, whole, request)
    .withEnvVariable('INGOT_BOOTED_AT', new Date().toISOString())
    .withExposedPort(channelPort)
}

/** The harness puts it into the server's environment; Dagger keeps it out of its logs and its cache. */
function withSecret(client: Client, container: Container, { secret }: BootRequest): Container {
  if (secret === undefined) return container
  return container
    .withEnvVariable('HARNESS_SECRET_NAME', secret.name)
    .withSecretVariable('HARNESS_SECRET', client.setSecret(`ingot ${secret.name}`, secret.value))
}

/**
 * The harness is of the engine's own platform: runc enters namespaces, which an emulator does not do for it. The lock pins it for
 * the platform of the image, so that for an emulated one it is made of what base and archive have now.
 */
async function toolsOf({ client, platform, factory }: DaggerBoot): Promise<Container> {
  const native = await nativePlatform(client)
  const lock = native === platform ? helperLock(factory, 'harness') : undefined
  return helperOf(client, 'harness', native, lock)
}

/** What the engine's machine runs by itself, as plans name platforms: without a variant. */
async function nativePlatform(client: Client): Promise<string> {
  return (await client.defaultPlatform()).split('/').slice(0, 2).join('/')
}

export function pulledByDigest(
  { client, registryPort, platform }: Pick<DaggerBoot, 'client' | 'registryPort' | 'platform'>,
  image: Digest,
): Container {
  const registry = client.host().service([{ frontend: registryPort, backend: registryPort }])
  // Platform is a branded string without a constructor.
  return client.container({ platform: platform as never }).from(`localhost:${registryPort}/ingot@${image}`, {
    registryService: registry,
  })
}

/** The machine of the engine, which may be another than this one. */
async function machineOf(context: DaggerBoot): Promise<RunnerFacts> {
  const native = await nativePlatform(context.client)
  const said = await (await toolsOf(context))
    .withEnvVariable('INGOT_ASKED_AT', new Date().toISOString())
    .withExec(['sh', '-c', 'uname -r; nproc; cat /proc/meminfo'])
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
    ...(native === context.platform ? {} : { emulates: context.platform }),
  }
}

/** The server behind the channel, which is asked through a port of this machine. */
async function withServer<Result>(
  channel: Channel,
  use: (server: BootedServer) => Promise<Result>,
): Promise<Result> {
  const reach = await forwardTo(() => channel.open('server'))
  try {
    return await use(serverOf(channel, reach.url))
  } finally {
    reach.close()
  }
}

function serverOf(channel: Channel, url: string): BootedServer {
  const order = async (line: string) => (await giveOrder(channel, line)).toString()
  return {
    url,
    exitCode: async () => exitOf(await order('state')),
    facts: async () => parseFacts(await order('facts')),
    processors: () => order('processors'),
    listeners: async () => parseListeners(await order('listeners')),
    log: logReader((fromByte) => giveOrder(channel, `log ${fromByte}`)),
    gpuMemoryBytes: async () => null,
    // It hands no GPUs to a server.
    computeCache: async () => '',
    stop: async (signal, timeoutSeconds) =>
      parseStop(await order(`stop ${nameOf(signal)}:${timeoutSeconds}`)),
    async stopOnceSaid({ signal, timeoutSeconds, startSeconds, line }) {
      const answer = await order(`stop-loading ${nameOf(signal)}:${timeoutSeconds}:${startSeconds}:${line}`)
      return answer.startsWith('unseen') ? null : parseStop(answer)
    },
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
