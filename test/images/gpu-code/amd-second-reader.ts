/**
 * A second reader of code for AMD's GPUs, for checking the first: it looks for ELF files for that machine in bytes as they are loaded, takes
 * the processor from their flags, and shares no line with the product.
 */
export interface SeenObject {
  address: number
  /** The number of the processor: the low byte of the flags. */
  machine: number
  /** Where its section headers end, which come last in what compilers write; else its segments. */
  sizeBytes: number
}

export function codeObjectsIn(memory: Buffer): SeenObject[] {
  const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1])
  const seen: SeenObject[] = []
  for (let at = memory.indexOf(magic); at >= 0; at = memory.indexOf(magic, at + 4)) {
    if (at + 64 > memory.length || memory.readUInt16LE(at + 18) !== 224) continue
    const [segments, sections] = [memory.readUInt16LE(at + 56), memory.readUInt16LE(at + 60)]
    const table = Number(memory.readBigUInt64LE(at + 32))
    const ends = Array.from({ length: segments }, (_, index) => at + table + index * 56).map(
      (entry) => Number(memory.readBigUInt64LE(entry + 8)) + Number(memory.readBigUInt64LE(entry + 32)),
    )
    const last = sections === 0 ? 0 : Number(memory.readBigUInt64LE(at + 40)) + sections * 64
    const sizeBytes = Math.max(last, ...ends)
    seen.push({ address: at, machine: memory.readUInt32LE(at + 48) & 0xff, sizeBytes })
  }
  return seen
}
