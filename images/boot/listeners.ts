/** A TCP socket that waits for connections. */
export interface Listener {
  /** As people write it: `0.0.0.0`, `127.0.0.1`, `::`, `::1`. */
  address: string
  port: number
}

const listening = '0A'

/** Reads the kernel's tables /proc/net/tcp and /proc/net/tcp6, in any order and with or without their heads. */
export function parseListeners(tables: string): Listener[] {
  return tables.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [hex = '', port = ''] = local.split(':')
    if (state !== listening || !/^([0-9A-F]{8}|[0-9A-F]{32})$/.test(hex)) return []
    return [{ address: addressOf(hex), port: Number.parseInt(port, 16) }]
  })
}

/** The kernel prints words of four bytes in its own order; all platforms here are little-endian. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse(),
  )
  if (bytes.length === 4) return bytes.join('.')
  const mapped = bytes.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 255))
  return mapped ? bytes.slice(12).join('.') : shortened(bytes)
}

/** IPv6 as URLs write it: the longest run of zeros left out. */
function shortened(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  )
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

/** Why nobody can reach a port that something listens on; null while nothing listens there, or where it can be reached. */
export function loopbackOnly(listeners: readonly Listener[], port: number): string | null {
  const there = listeners.filter((listener) => listener.port === port)
  if (there.length === 0 || !there.every(({ address }) => isLoopback(address))) return null
  return `it listens on loopback only (${listenerWords(there)}): nobody can reach it through the published port`
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}

/** Where else a server listens whose published port was never reached; null where IPv4 should have got through. */
export function notPublished(listeners: readonly Listener[], port: number): string | null {
  if (listeners.some((listener) => listener.port === port && isReached(listener.address))) return null
  return `port ${port} is published, and it listens on ${listenerWords(listeners)}`
}

/** Runtimes publish to the container's IPv4 address. */
function isReached(address: string): boolean {
  return !isLoopback(address) && !address.includes(':')
}

function listenerWords(listeners: readonly Listener[]): string {
  const words = listeners.map(({ address, port }) =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
  )
  return [...new Set(words)].join(', ') || 'no port'
}
