/**
 * A second reader of GPU code for checking the first: it looks for magic numbers in memory as loaded, knows no sections,
 * and shares no line with the product.
 */
export interface SeenCode {
  address: number
  /** `elf90a`, `ptx80` */
  name: string
  payload: Buffer
}

export function codeInMemory(memory: Buffer): SeenCode[] {
  const magic = Buffer.from([0x50, 0xed, 0x55, 0xba, 0x01, 0x00, 0x10, 0x00])
  const seen: SeenCode[] = []
  for (let at = memory.indexOf(magic); at >= 0; at = memory.indexOf(magic, at + 8)) {
    const end = at + 16 + Number(memory.readBigUInt64LE(at + 8))
    for (let entry = at + 16; entry < end; ) {
      const start = entry + memory.readUInt32LE(entry + 4)
      const next = start + Number(memory.readBigUInt64LE(entry + 8))
      seen.push({ address: at, name: nameAt(memory, entry), payload: memory.subarray(start, next) })
      entry = next
    }
  }
  return seen
}

function nameAt(memory: Buffer, entry: number): string {
  const kind = memory.readUInt16LE(entry)
  const flags = memory.readUInt32LE(entry + 40)
  const suffix = flags & 0x100000 ? 'a' : flags & 0x200000 ? 'f' : ''
  return `${kind === 2 ? 'elf' : kind === 1 ? 'ptx' : `kind${kind}-`}${memory.readUInt32LE(entry + 28)}${suffix}`
}
