/** Writes containers of GPU code by hand, without any of the product's encoders. */
export interface CraftedEntry {
  kind: 'ptx' | 'cubin' | number
  number: number
  suffix?: 'a' | 'f'
  payloadBytes: number
  compressed?: 'zstd' | 'lz4'
  headerBytes?: number
}

const kinds = { ptx: 1, cubin: 2 }

/** Payload bytes differ by kind and architecture, so that a moved or mixed-up payload shows. */
export function craftContainer(entries: readonly CraftedEntry[]): Buffer {
  const body = Buffer.concat(entries.map(craftEntry))
  const header = Buffer.alloc(16)
  header.writeUInt32LE(0xba55ed50, 0)
  header.writeUInt16LE(1, 4)
  header.writeUInt16LE(16, 6)
  header.writeBigUInt64LE(BigInt(body.length), 8)
  return Buffer.concat([header, body])
}

function craftEntry(entry: CraftedEntry): Buffer {
  const headerBytes = entry.headerBytes ?? 64
  const bytes = Buffer.alloc(headerBytes + entry.payloadBytes)
  const kind = typeof entry.kind === 'number' ? entry.kind : kinds[entry.kind]
  bytes.writeUInt16LE(kind, 0)
  bytes.writeUInt16LE(0x0101, 2)
  bytes.writeUInt32LE(headerBytes, 4)
  bytes.writeBigUInt64LE(BigInt(entry.payloadBytes), 8)
  bytes.writeUInt32LE(entry.compressed ? entry.payloadBytes - 3 : 0, 16)
  bytes.writeUInt32LE(entry.number, 28)
  bytes.writeUInt32LE(flagsOf(entry), 40)
  bytes.writeBigUInt64LE(BigInt(entry.compressed ? entry.payloadBytes * 5 : 0), 56)
  for (let at = headerBytes; at < bytes.length; at += 1) bytes[at] = (at * 7 + entry.number + kind * 31) % 251
  return bytes
}

function flagsOf({ compressed, suffix }: CraftedEntry): number {
  const packed = compressed === 'zstd' ? 0x8000 : compressed === 'lz4' ? 0x2000 : 0
  const portability = suffix === 'a' ? 0x100000 : suffix === 'f' ? 0x200000 : 0
  return 0x11 | packed | portability
}

const suffixes: Record<string, Pick<CraftedEntry, 'suffix'>> = { a: { suffix: 'a' }, f: { suffix: 'f' } }

/** `sm_90a:5000` or `compute_80:200`, as one line for tables. */
export function entriesOf(text: string): CraftedEntry[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const match = /^(sm|compute|kind(\d+))_(\d+)([af]?):(\d+)$/.exec(word)
      if (match === null) throw new Error(`no entry: ${word}`)
      const suffix = suffixes[match[4] ?? ''] ?? {}
      return {
        kind: match[2] ? Number(match[2]) : match[1] === 'sm' ? ('cubin' as const) : ('ptx' as const),
        number: Number(match[3]),
        payloadBytes: Number(match[5]),
        compressed: 'zstd' as const,
        ...suffix,
      }
    })
}
