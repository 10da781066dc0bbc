import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'

/** What others have of this machine's network. Ranges are CIDRs; a single address is one of 32 bits. */
export interface Taken {
  readonly names: ReadonlySet<string>
  readonly ranges: readonly string[]
}

/**
 * What is taken in the network of this machine, without what belongs to the lab of `dir`: other labs by the command lines of
 * their engines, interfaces, routes, and name servers, which must stay in reach. `ownBridge` is one that the lab left there.
 */
export async function findTaken(dir: string, ownBridge: string | undefined): Promise<Taken> {
  const labs = otherLabs(await commandLines(), dir)
  const interfaces = Object.entries(networkInterfaces()).filter(([name]) => name !== ownBridge)
  const addresses = interfaces.flatMap(([, held = []]) => held)
  const routes = await readFile('/proc/net/route', 'utf8').catch(() => '')
  const resolver = await readFile('/etc/resolv.conf', 'utf8').catch(() => '')
  const bridges = (await readdir('/sys/class/net').catch(() => [])).filter((name) => name !== ownBridge)
  return {
    names: new Set([...labs.names, ...bridges.map((name) => name.replace(/0$/, ''))]),
    ranges: [
      ...labs.ranges,
      ...addresses.flatMap(({ cidr, family }) => (family === 'IPv4' && cidr ? [cidr] : [])),
      ...parseRoutes(routes, ownBridge),
      ...nameServers(resolver),
    ],
  }
}

/** Names and ranges of the engines of other labs. */
export function otherLabs(lines: readonly (readonly string[])[], dir: string): Taken {
  const others = lines.filter((line) =>
    line.some((word) => word.startsWith('ingot-lab:engine:') && word !== `ingot-lab:engine:${dir}`),
  )
  const valuesOf = (option: string) =>
    others.flatMap((line) =>
      line.filter((word) => word.startsWith(option)).map((word) => word.slice(option.length)),
    )
  return { names: new Set(valuesOf('--network-name=')), ranges: valuesOf('--network-cidr=') }
}

/** The destinations of `/proc/net/route`, whose numbers are bytes in the processor's order; the default route is none. */
export function parseRoutes(text: string, ownBridge: string | undefined): string[] {
  const rows = text
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
  return rows.flatMap(([name, destination = '', , , , , , mask = '']) => {
    if (name === ownBridge || !/^[0-9A-F]{8}$/i.test(mask) || Number(`0x${mask}`) === 0) return []
    const bits = [...Number(`0x${mask}`).toString(2)].filter((bit) => bit === '1').length
    return [`${Buffer.from(destination, 'hex').reverse().join('.')}/${bits}`]
  })
}

export function nameServers(text: string): string[] {
  return [...text.matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map(([, address]) => `${address}/32`)
}

/** Whether two ranges of IPv4 have an address in common. */
export function overlaps(one: string, other: string): boolean {
  const [first, second] = [parseRange(one), parseRange(other)]
  const bits = Math.min(first.bits, second.bits)
  const width = 2 ** (32 - bits)
  return Math.floor(first.address / width) === Math.floor(second.address / width)
}

function parseRange(cidr: string): { address: number; bits: number } {
  const [address = '', bits = '32'] = cidr.split('/')
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  return { address: number, bits: Number(bits) }
}

/** Whether a server could listen there now. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer()
    // A port that only root may have is not taken.
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code !== 'EADDRINUSE'))
    server.listen({ port, host, exclusive: true }, () => server.close(() => done(true)))
  })
}

async function commandLines(): Promise<string[][]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const texts = ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''))
  return (await Promise.all(texts)).map((text) => text.split('\0'))
}
