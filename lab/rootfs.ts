import { createHash } from 'node:crypto'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { installMmdebstrap, runMmdebstrap } from './debian.ts'
import { pathExists, removeTree, replaceLink } from './files.ts'
import { type LabSettings, logFile } from './settings.ts'
import type { Say } from './terminal.ts'

// What the engine starts, what those start, and the registry.
const packages = [
  'ca-certificates',
  'containernetworking-plugins',
  'dnsmasq-base',
  'docker-registry',
  'git',
  'iproute2',
  'iptables',
  'mount',
  'openssh-client',
  'openssl',
  'pigz',
  'runc',
  'tini',
]

const mountPoints = [
  'opt/cni/bin',
  'usr/local/lib/dagger',
  'var/lib/cni',
  'var/lib/dagger',
  'var/lib/registry',
]

// Names on the left are where Dagger looks, on the right is what Debian or the lab has.
const links: Readonly<Record<string, string>> = {
  'opt/cni/bin/bridge': '/usr/lib/cni/bridge',
  'opt/cni/bin/firewall': '/usr/lib/cni/firewall',
  'opt/cni/bin/host-local': '/usr/lib/cni/host-local',
  'opt/cni/bin/loopback': '/usr/lib/cni/loopback',
  'opt/cni/bin/dnsname': '/usr/local/lib/dagger/dnsname',
  'usr/local/bin/dagger-init': '/usr/local/lib/dagger/init',
  'usr/bin/xtables-legacy-multi': '/usr/sbin/xtables-legacy-multi',
  'usr/bin/xtables-nft-multi': '/usr/sbin/xtables-nft-multi',
}

// The engine's dnsmasq would listen on all addresses, and the host's network may have another name server or another lab.
const dnsmasq = '#!/bin/sh\\nexec /usr/sbin/dnsmasq --bind-dynamic "$@"\\n'

/** mmdebstrap's arguments for the engine's own root file system, without the directory it writes. */
export function rootfsArguments(): string[] {
  const directories = mountPoints.map((path) => `"$1/${path}"`).join(' ')
  const linking = Object.entries(links).map(([name, target]) => `ln -sf ${target} "$1/${name}"`)
  return [
    '--format=directory',
    '--variant=minbase',
    `--include=${packages.join(',')}`,
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-exclude=/usr/share/man/*',
    '--dpkgopt=path-exclude=/usr/share/locale/*',
    `--customize-hook=mkdir -p ${directories} && ${linking.join(' && ')}`,
    `--customize-hook=printf '${dnsmasq}' > "$1/usr/local/sbin/dnsmasq" && chmod +x "$1/usr/local/sbin/dnsmasq"`,
    // The host's own is mounted here at each start.
    '--customize-hook=rm -f "$1/etc/resolv.conf"',
    'bookworm',
  ]
}

export function rootfsKey(): string {
  return createHash('sha256').update(JSON.stringify(rootfsArguments())).digest('hex').slice(0, 12)
}

/** Builds the root file system unless it is there; returns its directory. */
export async function provideRootfs(settings: LabSettings, say: Say, signal: AbortSignal) {
  const target = join(settings.dir, `rootfs-${rootfsKey()}`)
  if (!(await pathExists(target))) await build(settings, target, say, signal)
  await replaceLink(target, join(settings.dir, 'rootfs'))
  return target
}

async function build(settings: LabSettings, target: string, say: Say, signal: AbortSignal): Promise<void> {
  await installMmdebstrap(settings, say, signal)
  say(`building the engine's root file system (log: ${logFile(settings, 'rootfs')})`)
  const work = join(settings.dir, 'tmp', `rootfs-${process.pid}`)
  await mkdir(work, { recursive: true })
  await runMmdebstrap([...rootfsArguments(), join(work, 'root')], work, logFile(settings, 'rootfs'), {
    signal,
  })
  await rename(join(work, 'root'), target)
  await removeTree(work)
}
