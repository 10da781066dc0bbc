/** The part of WebAssembly used here; its types are in none of the libraries that tsconfig loads. */
declare const WebAssembly: {
  Memory: new (options: { initial: number; maximum: number; shared: true }) => { buffer: SharedArrayBuffer }
}

/** A piece of memory that threads, files and hashes share. `bytes` starts at a page boundary. */
export interface Slot {
  bytes: Uint8Array
}

/** A fixed set of slots: all the memory that packing needs, whatever the size of a model. */
export interface Slots {
  buffer: SharedArrayBuffer
  /** Waits until a slot is free. */
  take(): Promise<Slot>
  release(slot: Slot): void
}

/** Large enough that messages between threads cost nothing, small enough for several per file. */
export const slotBytes = 2 * 1024 * 1024

export function openSlots(count: number): Slots {
  // Memory of WebAssembly is the one kind in Node that is page-aligned, which O_DIRECT needs, and shared.
  const pages = (count * slotBytes) / 65_536
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const free = Array.from(
    { length: count },
    (_, i): Slot => ({
      bytes: new Uint8Array(buffer, i * slotBytes, slotBytes),
    }),
  )
  const waiting: ((slot: Slot) => void)[] = []
  return {
    buffer,
    take: async () => free.pop() ?? (await new Promise<Slot>((resolve) => waiting.push(resolve))),
    release: (slot) => {
      const next = waiting.shift()
      if (next) next(slot)
      else free.push(slot)
    },
  }
}
