import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { LabError } from './errors.ts'

/** What a lab takes of the machine's network, which it shares with everybody else. */
export interface Addresses {
  readonly registryPort: number
  /** Short, because the kernel allows 15 characters for the name of the bridge. */
  readonly networkName: string
  readonly networkCidr: string
}

export interface LabSettings extends Addresses {
  readonly dir: string
  /** The port of INGOT_LAB_REGISTRY_PORT: a wish, for which no other port is taken. */
  readonly wishedPort?: number
}

export type Environment = Readonly<Record<string, string | undefined>>

export const defaultRegistryPort = 5077
// A unix socket's address holds 107 bytes.
const longestDirBytes = 107 - '/run/engine.sock'.length

/** Where this lab lives, and the addresses that it took at its last start or would try first. */
export function labSettings(env: Environment = process.env): LabSettings {
  const cache = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache')
  const dir = resolve(env['INGOT_LAB_DIR'] || join(cache, 'ingot-lab'))
  if (dir.includes(':')) {
    throw new LabError(
      'bad-setting',
      `the lab's directory has a colon: ${dir}`,
      'set INGOT_LAB_DIR to a path without one',
    )
  }
  if (Buffer.byteLength(dir) > longestDirBytes) {
    throw new LabError(
      'bad-setting',
      `the lab's directory is too long for a socket: ${dir}`,
      'set INGOT_LAB_DIR to a shorter path',
    )
  }
  const wishedPort = registryPort(env['INGOT_LAB_REGISTRY_PORT'])
  return asRecorded(wishedPort === undefined ? { dir } : { dir, wishedPort })
}

/** The same lab with the addresses that are recorded now; another process may have brought it up in the meantime. */
export function asRecorded({ dir, wishedPort }: Pick<LabSettings, 'dir' | 'wishedPort'>): LabSettings {
  const first = {
    registryPort: defaultRegistryPort,
    networkName: networkNames(dir)[0] ?? '',
    networkCidr: networkCidrs(dir)[0] ?? '',
  }
  const addresses = { ...first, ...recordedAddresses(dir) }
  return wishedPort === undefined
    ? { dir, ...addresses }
    : { dir, wishedPort, ...addresses, registryPort: wishedPort }
}

/** Names for the network, in the order they are tried; the first differs from directory to directory. */
export function networkNames(dir: string): string[] {
  const hash = createHash('sha256').update(dir).digest()
  return Array.from({ length: 15 }, (_, index) => `ingot${hash.toString('hex', index * 2, index * 2 + 2)}`)
}

/** Ranges for the network, in the order they are tried. */
export function networkCidrs(dir: string): string[] {
  const first = createHash('sha256').update(dir).digest().readUInt8(2)
  return Array.from({ length: 128 }, (_, index) => `10.${64 + ((first + index) % 128)}.0.0/16`)
}

export function addressesFile(dir: string): string {
  return join(dir, 'addresses.json')
}

/** What the lab took at its last start; undefined before its first, or where the file is not one that a lab wrote. */
export function recordedAddresses(dir: string): Addresses | undefined {
  try {
    const found: Partial<Addresses> = JSON.parse(readFileSync(addressesFile(dir), 'utf8'))
    const { registryPort, networkName = '', networkCidr = '' } = found
    if (!isPort(registryPort) || !/^ingot[0-9a-f]{4}$/.test(networkName)) return undefined
    return /^10\.\d+\.0\.0\/16$/.test(networkCidr) ? { registryPort, networkName, networkCidr } : undefined
  } catch {
    return undefined
  }
}

function isPort(port: number | undefined): port is number {
  return port !== undefined && Number.isInteger(port) && port > 0 && port < 65536
}

function registryPort(text: string | undefined): number | undefined {
  if (!text) return undefined
  const port = Number(text)
  if (isPort(port)) return port
  throw new LabError(
    'bad-setting',
    `INGOT_LAB_REGISTRY_PORT is not a port: ${text}`,
    'use a number from 1 to 65535',
  )
}

export function engineSocket(settings: LabSettings): string {
  return join(settings.dir, 'run/engine.sock')
}

export function daggerCommand(settings: LabSettings): string {
  return join(settings.dir, 'bin/dagger')
}

export function registryAddress(settings: LabSettings): string {
  return `127.0.0.1:${settings.registryPort}`
}

export function logFile(settings: LabSettings, name: string): string {
  return join(settings.dir, 'logs', `${name}.log`)
}
