import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseFacts } from '../../images/boot/container-facts.ts'
import { parseListeners } from '../../images/boot/listeners.ts'
import { nameFiles } from '../../images/boot/runtime-spec.ts'
import { runProgram } from '../process/program.ts'
import type { Store } from '../store/store.ts'
import { compileCacheOf } from './compile-cache.ts'
import { type GpuChoice, gpuCount, profileFlags } from './container-flags.ts'
import type { Reach } from './forward.ts'
import { machineOf, requireGpus } from './machine.ts'
import { type GpuWatch, watchGpus } from './nvidia.ts'
import { type PullContext, pull } from './pull.ts'
import { forwardToSocket, ownerCommand, reachThrough } from './reach.ts'
import { renderNodes } from './render-nodes.ts'
import type { BootedServer, BootRequest, LoadingOutcome, LoadingStop, Runner } from './runner.ts'
import { containerExitCode, stopContainer, stopOnceSaid } from './stop.ts'
import { requireTool, type Tool, toolOutput } from './tool.ts'
import { mountFlags } from './weights-mount.ts'

export interface ContainerBoot {
  tool: Tool
  store: Store
  /** Port on loopback where the store is served as a registry during the run. */
  registryPort: number
  gpus: GpuChoice | null
  memoryBytes: number | null
}

/** A runner that keeps pulled images until it is closed, so that every profile boots the same copy. */
export interface ContainerRunner extends Runner {
  close(): Promise<void>
}

interface Session extends ContainerBoot, PullContext {}

/** Boots images with Docker or Podman of this machine; throws `no-runner` where that does not work. */
export async function containerRunner(context: ContainerBoot): Promise<ContainerRunner> {
  await requireTool(context.tool)
  const session: Session = {
    ...context,
    machine: await machineOf(context.tool, context.gpus),
    pulled: new Set(),
  }
  requireGpus(context.gpus, session.machine)
  return {
    name: context.tool.name,
    gpus: gpuCount(context.gpus, session.machine.gpus.length),
    takesTurns: context.gpus === null,
    machine: async () => session.machine,
    boot: (request, use) => bootContainer(session, request, use),
    stopWhileLoading: (request, stop) => stopInContainer(session, request, stop),
    async close() {
      for (const reference of session.pulled)
        await runProgram(context.tool.name, ['rmi', '--force', reference], context.tool)
    },
  }
}

async function bootContainer<Result>(
  session: Session,
  request: BootRequest,
  use: (server: BootedServer) => Promise<Result>,
): Promise<Result> {
  const watch =
    session.gpus === null || session.gpus.type === 'dri'
      ? null
      : watchGpus(session.tool.environment, session.machine.gpus.length)
  try {
    return await withContainer(session, request, async ({ id, folder, pullMs }) => {
      const container = await inspected(session.tool, id)
      const reach = await reachOf(session.tool, container, request.port, folder)
      try {
        return await use({ ...serverOf(session.tool, container, reach, watch), pullMs })
      } finally {
        reach.close()
      }
    })
  } finally {
    watch?.stop()
  }
}

async function stopInContainer(
  session: Session,
  request: BootRequest,
  stop: LoadingStop,
): Promise<LoadingOutcome> {
  const { tool } = session
  return withContainer(session, request, async ({ id }) => ({
    stopped: await stopOnceSaid(tool, id, stop),
    log: await logOf(tool, id),
  }))
}

/** A container that was started, and a folder for what belongs to its boot. */
interface StartedContainer {
  id: string
  pullMs: number
  folder: string
}

/** Starts a container and leaves nothing of it, whatever `use` does. */
async function withContainer<Result>(
  session: Session,
  request: BootRequest,
  use: (started: StartedContainer) => Promise<Result>,
): Promise<Result> {
  const beganMs = performance.now()
  const reference = await pull(session, request.image)
  const pullMs = performance.now() - beganMs
  const folder = await mkdtemp(join(tmpdir(), 'ingot-boot-'))
  const endings: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    for (const [name, content] of Object.entries(nameFiles)) await writeFile(join(folder, name), content)
    const network = await networkOf(session.tool, endings)
    const { tool, gpus, memoryBytes } = session
    const flags = profileFlags(request, {
      ...{ tool: tool.name, network, gpus, memoryBytes, names: folder },
      ...(gpus?.type === 'dri' ? { cards: await renderNodes() } : {}),
    })
    const mounts = await mountsOf(session, request, endings)
    const id = `ingot-${randomUUID().slice(0, 8)}`
    // A start that fails may leave a container as well. Podman would ask it first and wait ten seconds.
    const now = tool.name === 'podman' ? ['--time', '0'] : []
    endings.unshift(() => runProgram(tool.name, ['rm', '--force', '--volumes', ...now, id], tool))
    await toolOutput(withSecret(tool, request), [
      'run',
      '--detach',
      '--name',
      id,
      '--pull',
      'never',
      ...flags,
      ...mounts,
      reference,
    ])
    return await use({ id, folder, pullMs })
  } finally {
    for (const end of endings) await end()
  }
}

function withSecret(tool: Tool, { secret }: BootRequest): Tool {
  if (secret === undefined) return tool
  return { ...tool, environment: { ...tool.environment, [secret.name]: secret.value } }
}

async function logOf(tool: Tool, id: string): Promise<string> {
  return (await runProgram(tool.name, ['logs', id], tool)).all
}

async function mountsOf(
  session: Session,
  request: BootRequest,
  endings: (() => unknown)[],
): Promise<string[]> {
  const flags: string[] = []
  for (const { image, path } of request.mounts ?? []) {
    const mount = await mountFlags(session.tool, await pull(session, image), path)
    endings.unshift(() => mount.release())
    flags.push(...mount.flags)
  }
  return flags
}

/** Nothing at all where its namespace can be entered; else a network of its own that leads nowhere. */
async function networkOf(tool: Tool, endings: (() => unknown)[]): Promise<string> {
  if (ownerCommand(tool) !== null) return 'none'
  const name = `ingot-${randomUUID().slice(0, 8)}`
  await toolOutput(tool, ['network', 'create', '--internal', name])
  endings.unshift(() => runProgram(tool.name, ['network', 'rm', name], tool))
  return name
}

interface ContainerInspection {
  id: string
  pid: number
  address: string
  readOnlyRoot: boolean
}

async function inspected(tool: Tool, id: string): Promise<ContainerInspection> {
  const format =
    '{{.State.Pid}} {{.HostConfig.ReadonlyRootfs}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
  const [pid = '', readOnly, address = ''] = (
    await toolOutput(tool, ['inspect', '--format', format, id])
  ).split(' ')
  return { id, pid: Number(pid), address, readOnlyRoot: readOnly === 'true' }
}

async function reachOf(
  tool: Tool,
  { id, pid, address }: ContainerInspection,
  port: number,
  folder: string,
): Promise<Reach> {
  const owner = ownerCommand(tool)
  if (pid > 0 && owner === null) return { url: `http://${address}:${port}`, close: () => undefined }
  try {
    if (owner !== null && pid > 0) return await reachThrough(owner, tool.environment, { pid, port }, folder)
  } catch (error) {
    if ((await containerExitCode(tool, id)) === null) throw error
  }
  // A container that ended at once has no namespace any more; every connection is closed at once.
  return forwardToSocket(join(folder, 'bridge.sock'))
}

function serverOf(
  tool: Tool,
  { id, pid, readOnlyRoot }: ContainerInspection,
  reach: Reach,
  watch: GpuWatch | null,
): BootedServer {
  return {
    url: reach.url,
    exitCode: () => containerExitCode(tool, id),
    async facts() {
      const script = join(import.meta.dirname, 'facts.sh')
      const args = [script, String(pid), String(reach.outsidePid ?? ''), reach.sentFile ?? '']
      const said = await runProgram('sh', args, tool)
      const facts = parseFacts(said.stdout)
      // Only root may read the mounts of others; the tool knows what it mounted.
      const isUnknown = facts.uid !== null && facts.rootReadOnly === null
      return isUnknown ? { ...facts, rootReadOnly: readOnlyRoot } : facts
    },
    processors: async () =>
      (await runProgram('sh', [join(import.meta.dirname, 'processors.sh'), String(pid)], tool)).stdout,
    listeners: async () => parseListeners(await socketsOf(pid)),
    log: () => logOf(tool, id),
    gpuMemoryBytes: async () => watch?.growthBytes() ?? null,
    async computeCache() {
      const owner = ownerCommand(tool)
      if (owner === null) return ''
      const [program = 'sh', ...args] = [...owner, 'sh', join(import.meta.dirname, 'compute-cache.sh')]
      return (await runProgram(program, [...args, String(pid)], tool)).stdout
    },
    ...compileCacheOf(tool, pid),
    stop: (signal, timeoutSeconds) => stopContainer(tool, id, signal, timeoutSeconds),
    stopOnceSaid: (stop) => stopOnceSaid(tool, id, stop),
  }
}

/** The kernel's tables of the TCP sockets of a process's network; empty once the process is gone. */
async function socketsOf(pid: number): Promise<string> {
  const tables = ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => ''))
  return (await Promise.all(tables)).join('')
}
