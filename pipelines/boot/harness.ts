import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client, Container } from '@dagger.io/dagger'
import { type Bind, nameFilesWith, runtimeSpec } from '../../images/boot/runtime-spec.ts'
import type { StandInBoot } from '../../images/boot/stand-in.ts'
import type { ImageConfig } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { type FactoryLock, helperLock } from '../../recipes/lock.ts'
import { helperOf } from '../software/factory.ts'
import { readImageConfig } from '../store/image.ts'
import type { Store } from '../store/store.ts'
import { type Channel, openChannel } from './channel.ts'
import type { BootRequest } from './runner.ts'

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

/** A container of the engine around an image whose server starts with the order `start` or `stop-loading`. */
export interface Harness {
  channel: Channel
  /** Ends the container and what runs in it; may be called twice. */
  close(): Promise<void>
}

/** Of the harness; the server has a network of its own. */
const channelPort = 9100

/** Pulls the image and makes the container; the server is not started. Throws `engine-failed` when it cannot be reached. */
export async function openHarness(context: DaggerBoot, request: BootRequest): Promise<Harness> {
  const config = await readImageConfig(context.store, request.image)
  const service = (await harnessOf(context, request, config)).asService({
    args: ['sh', '/harness/harness.sh', String(request.port), String(channelPort)],
    insecureRootCapabilities: true,
  })
  const tunnel = context.client.host().tunnel(service, { ports: [{ backend: channelPort, frontend: 0 }] })
  const end = async () => {
    await tunnel.stop({ kill: true }).catch(() => undefined)
    await service.stop({ kill: true }).catch(() => undefined)
  }
  try {
    await tunnel.start()
    const [port] = await tunnel.ports()
    const channel = await openChannel((await port?.port()) ?? 0)
    let ended: Promise<void> | undefined
    const close = () => {
      channel.close()
      ended ??= end()
      return ended
    }
    return { channel, close }
  } catch (error) {
    await end()
    throw error
  }
}

/** Programs of this folder that it starts. */
const scripts = [
  'harness.sh',
  'channel.pl',
  'facts.sh',
  'processors.sh',
  'sink.sh',
  'sent.pl',
  'published.sh',
  'wire.sh',
  'compile-cache.sh',
]

async function harnessOf(context: DaggerBoot, request: BootRequest, config: ImageConfig): Promise<Container> {
  const given = Object.entries(request.variables ?? {}).map(([name, value]) => `${name}=${value}`)
  const spec = runtimeSpec(config, request.profile, {
    variables: given,
    rootfs: '/image',
    networkNamespace: '/var/run/netns/box',
    names: '/harness/etc',
    arguments: request.standIn?.arguments ?? [],
    binds: [
      ...(request.mounts ?? []).map(({ path }, index) => ({
        source: `/mounts/${index}${path}`,
        destination: path,
      })),
      ...standInBinds(request.standIn),
    ],
  })
  const contents = await Promise.all(scripts.map((name) => readFile(join(import.meta.dirname, name), 'utf8')))
  const files = [
    ...scripts.map((name, index) => ({ path: `/harness/${name}`, content: contents[index] ?? '' })),
    ...Object.entries(nameFilesWith(request.workers?.names ?? [])).map(([name, content]) => ({
      path: `/harness/etc/${name}`,
      content,
    })),
    { path: '/harness/config.json', content: JSON.stringify(spec) },
    ...workerSpecs(config, request),
  ]
  const mounted = (request.mounts ?? []).reduce(
    (container, { image }, index) =>
      container.withMountedDirectory(`/mounts/${index}`, pulledByDigest(context, image).rootfs()),
    (await toolsOf(context)).withMountedDirectory('/image', pulledByDigest(context, request.image).rootfs()),
  )
  const whole = withStandIn(
    files.reduce((container, { path, content }) => container.withNewFile(path, content), mounted),
    request.standIn,
  )
  return withWorkers(withSecret(context.client, whole, request), request)
    .withEnvVariable('INGOT_BOOT', randomUUID())
    .withExposedPort(channelPort)
}

/** What runc starts a worker by: the image with another command, under the profile of the server. */
function workerSpecs(
  { config, ...image }: ImageConfig,
  { workers, profile, variables = {} }: BootRequest,
): { path: string; content: string }[] {
  const given = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  return (workers?.names ?? []).map((_, index) => {
    const name = `worker-${index + 1}`
    const started = { ...image, config: { ...config, Entrypoint: [...(workers?.command ?? [])], Cmd: [] } }
    const spec = runtimeSpec(started, profile, {
      variables: given,
      rootfs: '/image',
      networkNamespace: `/var/run/netns/${name}`,
      names: '/harness/etc',
    })
    return { path: `/harness/${name}.json`, content: JSON.stringify(spec) }
  })
}

function withWorkers(container: Container, { workers }: BootRequest): Container {
  if (workers === undefined) return container
  return container
    .withEnvVariable('HARNESS_WORKERS', String(workers.names.length))
    .withEnvVariable('HARNESS_WORKER_PORT', String(workers.port))
}

/** Where the container that boots keeps a file that stands in. */
function standInPath(index: number): string {
  return `/stand-in/${index}`
}

function standInBinds(standIn: StandInBoot | undefined): Bind[] {
  const { files = [], folders = [] } = standIn ?? {}
  return [
    ...files.map(({ path }, index) => ({ source: standInPath(index), destination: path })),
    ...folders.map(({ from, to }) => ({ source: `/image${from}`, destination: to })),
  ].map((bind) => ({ ...bind, isExecutable: true as const }))
}

/** Dagger takes texts alone, so bytes go in as base64. */
function withStandIn(container: Container, standIn: StandInBoot | undefined): Container {
  return (standIn?.files ?? []).reduce((known, { bytes }, index) => {
    const path = standInPath(index)
    return known
      .withNewFile(`${path}.base64`, Buffer.from(bytes).toString('base64'))
      .withExec(['sh', '-c', `base64 -d ${path}.base64 > ${path} && chmod 755 ${path}`])
  }, container)
}

/** The harness puts it into the server's environment; Dagger keeps it out of its logs and its cache. */
function withSecret(client: Client, container: Container, { secret }: BootRequest): Container {
  if (secret === undefined) return container
  return container
    .withEnvVariable('HARNESS_SECRET_NAME', secret.name)
    .withSecretVariable('HARNESS_SECRET', client.setSecret(`ingot ${secret.name}`, secret.value))
}

/**
 * The container that boots, as its lock pins it. It is of the engine's own platform: runc enters namespaces, which an emulator does not do
 * for it. The lock pins it for the platform of the image, so for an emulated one it is made of what base and archive have now.
 */
export async function toolsOf({ client, platform, factory }: DaggerBoot): Promise<Container> {
  const native = await nativePlatform(client)
  const lock = native === platform ? helperLock(factory, 'harness') : undefined
  return helperOf(client, 'harness', native, lock)
}

/** What the engine's machine runs by itself, as plans name platforms: without a variant. */
export async function nativePlatform(client: Client): Promise<string> {
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
