import { kernelSettings } from '../../images/boot/runtime-spec.ts'
import type { RenderNodes } from './render-nodes.ts'
import type { BootRequest } from './runner.ts'
import type { ContainerTool } from './tool.ts'

/** How GPUs are named on the command line: all, a number of them, or their indexes. */
export type GpuChoice = GpuSelection & {
  /** Devices by their CDI names, for a Docker whose NVIDIA runtime is not set up; Podman has no other way. */
  cdi?: boolean
}

type GpuSelection =
  | { type: 'all' }
  | { type: 'count'; count: number }
  | { type: 'indexes'; indexes: number[] }
  /** Every card that the kernel offers to drivers of Mesa and to ROCm. */
  | { type: 'dri' }

const cdiKind = 'nvidia.com/gpu='

/** What besides the request decides the flags of a boot. */
export interface FlagOptions {
  tool: ContainerTool
  /** `none`, or the name of a network that leads nowhere. */
  network: string
  gpus: GpuChoice | null
  memoryBytes: number | null
  /** Folder with the files of `nameFiles`. */
  names: string
  /** Nodes of cards, and the groups that may open them: an arbitrary user is in none. */
  cards?: Pick<RenderNodes, 'places' | 'groups'>
}

/** Reads `all`, `2` or `0,1`, `dri`, and CDI's `nvidia.com/gpu=all` or `nvidia.com/gpu=0,1`; null for anything else. */
export function parseGpuChoice(text: string): GpuChoice | null {
  if (!text.startsWith(cdiKind)) return parseSelection(text)
  // In CDI a number is the name of a device.
  const names = text.slice(cdiKind.length)
  const selection = parseSelection(/^\d+$/.test(names) ? `device=${names}` : names)
  if (selection?.type === 'dri') return null
  return selection && { ...selection, cdi: true }
}

function parseSelection(text: string): GpuSelection | null {
  if (text === 'all' || text === 'dri') return { type: text }
  if (/^[1-9]\d*$/.test(text)) return { type: 'count', count: Number(text) }
  const indexes = /^(device=)?\d+(,\d+)*$/.test(text)
    ? text.replace('device=', '').split(',').map(Number)
    : []
  return indexes.length > 0 ? { type: 'indexes', indexes } : null
}

export function gpuCount(choice: GpuChoice | null, present: number): number {
  if (choice === null) return 0
  if (choice.type === 'all' || choice.type === 'dri') return present
  return choice.type === 'count' ? choice.count : choice.indexes.length
}

/** The profile of a boot as flags of `run`: the same conditions that images/boot/runtime-spec.ts writes for runc. */
export function profileFlags({ profile, variables, secret }: BootRequest, options: FlagOptions): string[] {
  const { uid, gid } = profile.identity
  const { tool, network, memoryBytes } = options
  return [
    ...['--user', `${uid}:${gid}`],
    ...(profile.readOnlyRoot ? ['--read-only'] : []),
    ...['--cap-drop', 'ALL'],
    ...['--security-opt', 'no-new-privileges'],
    ...['--network', network],
    ...['--hostname', 'ingot'],
    ...Object.entries(kernelSettings).flatMap(([name, value]) => ['--sysctl', `${name}=${value}`]),
    // Compilers of kernels load what they write to /tmp, so it may hold programs.
    ...['--tmpfs', '/tmp:rw,exec,nosuid,nodev,mode=1777'],
    ...['--shm-size', `${profile.sharedMemoryBytes}b`],
    ...(memoryBytes === null ? [] : ['--memory', `${memoryBytes}b`]),
    ...['hosts', 'resolv.conf'].flatMap((name) => ['--volume', `${options.names}/${name}:/etc/${name}:ro,z`]),
    // Podman would give the user an entry in /etc/passwd, and a read-only root writable folders of its own.
    ...(tool === 'podman' ? ['--passwd=false', '--read-only-tmpfs=false'] : []),
    ...Object.entries(variables ?? {}).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    // Its value is in the environment of the tool, and not among its arguments.
    ...(secret === undefined ? [] : ['--env', secret.name]),
    ...gpuFlags(options),
  ]
}

/** Docker takes GPUs of NVIDIA by its own flag, Podman by CDI, and so does Docker where it is asked to; others are device nodes. */
function gpuFlags({ tool, gpus: choice, cards }: FlagOptions): string[] {
  if (choice === null) return []
  if (choice.type === 'dri')
    return [
      ...(cards?.places ?? ['/dev/dri']).flatMap((place) => ['--device', place]),
      ...(cards?.groups ?? []).flatMap((group) => ['--group-add', String(group)]),
    ]
  const names = choice.type === 'all' ? ['all'] : indexesOf(choice).map(String)
  if (tool === 'podman' || choice.cdi) return names.flatMap((name) => ['--device', `${cdiKind}${name}`])
  if (choice.type === 'indexes') return ['--gpus', `"device=${names.join(',')}"`]
  return ['--gpus', choice.type === 'all' ? 'all' : String(choice.count)]
}

function indexesOf(choice: Exclude<GpuChoice, { type: 'all' | 'dri' }>): number[] {
  return choice.type === 'indexes'
    ? choice.indexes
    : Array.from({ length: choice.count }, (_, index) => index)
}
