import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { LabError } from './errors.ts'

export interface LabSettings {
  readonly dir: string
  readonly registryPort: number
  /** Short, because the kernel allows 15 characters for the name of the bridge. */
  readonly networkName: string
  readonly networkCidr: string
}

export type Environment = Readonly<Record<string, string | undefined>>

const defaultRegistryPort = 5077
// A unix socket's address holds 107 bytes.
const longestDirBytes = 107 - '/run/engine.sock'.length

/** Where this lab lives and what it is called; different state directories never share a network. */
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
  const hash = createHash('sha256').update(dir).digest()
  return {
    dir,
    registryPort: registryPort(env['INGOT_LAB_REGISTRY_PORT']),
    networkName: `ingot${hash.toString('hex', 0, 2)}`,
    networkCidr: `10.${64 + (hash.readUInt8(2) % 128)}.0.0/16`,
  }
}

function registryPort(text: string | undefined): number {
  if (!text) return defaultRegistryPort
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65536) return port
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
