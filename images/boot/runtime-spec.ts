import type { ImageConfig } from '../oci/oci.ts'

/** Who runs the server: numbers only, with no passwd entry needed. */
export interface Identity {
  uid: number
  gid: number
}

export interface BootProfile {
  name: 'hostile' | 'plain'
  identity: Identity
  readOnlyRoot: boolean
  sharedMemoryBytes: number
}

/** An arbitrary UID once in group 0, as OpenShift gives it, and once outside of it. */
export const hostileIdentities: readonly Identity[] = [
  { uid: 54321, gid: 0 },
  { uid: 54321, gid: 54321 },
]

/** What the harness adds to an image: places of its container that the runtime configuration names, and variables. */
export interface HarnessPaths {
  rootfs: string
  networkNamespace: string
  /** Folder with the files of `nameFiles`. */
  names: string
  /** Folders and files of the harness that the server finds, read-only; programs and libraries among them are told. */
  binds?: readonly Bind[]
  /** Behind the image's own arguments. */
  arguments?: readonly string[]
  /** `NAME=value` beside the image's own, as whoever starts a container may give them. */
  variables?: readonly string[]
}

/** A place of the harness and where the server finds it. */
export interface Bind {
  source: string
  destination: string
  /** Holds programs or libraries. */
  isExecutable?: true
}

/** Address of the interface that leads nowhere; pipelines/boot/sink.sh gives it. */
export const sinkAddress = '192.0.2.2'

/**
 * What every container runtime mounts over /etc. The name server lies behind the sink, so that looking up a name
 * outside is a packet that is counted instead of a silent refusal.
 */
export const nameFiles: Readonly<Record<string, string>> = {
  hosts: `127.0.0.1 localhost\n::1 localhost\n${sinkAddress} ingot\n`,
  hostname: 'ingot\n',
  'resolv.conf': 'nameserver 192.0.2.1\noptions timeout:1 attempts:1\n',
}

/** Address of a worker, counted from 1, in the network of a boot; pipelines/boot/wire.sh gives it. */
function workerAddress(number: number): string {
  return `203.0.113.${number}`
}

/** The same files of a server that finds workers by their names. */
export function nameFilesWith(workers: readonly string[]): Readonly<Record<string, string>> {
  const lines = workers.map((name, index) => `${workerAddress(index + 1)} ${name}\n`)
  return { ...nameFiles, hosts: [nameFiles['hosts'], ...lines].join('') }
}

/** Any user may bind any port, as Docker and containerd 2 let it: TGI's well-known deployment listens on 80. */
export const kernelSettings: Readonly<Record<string, string>> = {
  'net.ipv4.ip_unprivileged_port_start': '0',
}

/**
 * OCI runtime configuration (runtime-spec 1.0) that runs an image's own entrypoint: no capability, no_new_privs, own
 * namespaces, the network of `networkNamespace`. The image config alone decides command, environment and folder.
 */
export function runtimeSpec(image: ImageConfig, profile: BootProfile, paths: HarnessPaths): object {
  const { Entrypoint = [], Cmd = [], Env = [], WorkingDir } = image.config
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: profile.identity,
      args: [...Entrypoint, ...Cmd, ...(paths.arguments ?? [])],
      env: [...Env, ...(paths.variables ?? [])],
      cwd: WorkingDir ?? '/',
      capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
      noNewPrivileges: true,
    },
    root: { path: paths.rootfs, readonly: profile.readOnlyRoot },
    hostname: 'ingot',
    mounts: [...mounts(profile), ...nameMounts(paths.names), ...(paths.binds ?? []).map(bindMount)],
    linux: {
      namespaces: [
        ...['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
        { type: 'network', path: paths.networkNamespace },
      ],
      sysctl: kernelSettings,
      maskedPaths: [
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/timer_list',
        '/proc/sched_debug',
        '/sys/firmware',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  }
}

function bindMount({ source, destination, isExecutable }: Bind): object {
  const options = ['rbind', 'ro', 'nosuid', 'nodev', ...(isExecutable ? [] : ['noexec'])]
  return { destination, type: 'bind', source, options }
}

function mounts(profile: BootProfile): object[] {
  const safe = ['nosuid', 'noexec', 'nodev']
  return [
    { destination: '/proc', type: 'proc', source: 'proc' },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
    },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: [...safe, 'mode=1777', `size=${profile.sharedMemoryBytes}`],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: safe },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...safe, 'ro'] },
    // Compilers of kernels load what they write to /tmp, so it may hold programs.
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777'] },
  ]
}

function nameMounts(folder: string): object[] {
  return Object.keys(nameFiles).map((name) => ({
    destination: `/etc/${name}`,
    type: 'bind',
    source: `${folder}/${name}`,
    options: ['bind', 'ro', 'nosuid', 'nodev', 'noexec'],
  }))
}

/** The boots that the profiles of a recipe ask for: hostile is tried with every identity. */
export function bootProfiles(
  names: readonly BootProfile['name'][],
  sharedMemoryBytes: number,
): BootProfile[] {
  return names.flatMap((name): BootProfile[] =>
    name === 'hostile'
      ? hostileIdentities.map((identity) => ({ name, identity, readOnlyRoot: true, sharedMemoryBytes }))
      : [{ name, identity: { uid: 10001, gid: 0 }, readOnlyRoot: false, sharedMemoryBytes }],
  )
}
