import { viewOf, writeU64 } from '../elf/reader.ts'
import type { ByteSpan, Edit, Range } from '../elf/spans.ts'
import { architectureNumber } from './architecture.ts'
import {
  type CodeEntry,
  containerHeaderBytes,
  containerMagic,
  entryFlags,
  entryKinds,
  leastEntryHeaderBytes,
} from './container.ts'
import { emptyCubin } from './empty-cubin.ts'
import type { ContainerPlan } from './keep.ts'

/** A container rewritten in its place, with the bytes behind its new end that nothing names any more. */
export interface Compaction {
  edit: Edit
  freed: Range
}

/**
 * The container with fewer entries: header with the new size, kept entries moved to the front, zeros to its old end.
 * That is what the compiler writes when it is asked for fewer architectures, so the driver meets nothing new, and the
 * container keeps its address. Null when nothing goes.
 */
export function compact({ container, decisions }: ContainerPlan): Compaction | null {
  const kept = decisions.filter(({ verdict }) => verdict.keep).map(({ entry }) => entry)
  if (kept.length === decisions.length) return null
  const marker = kept.length === 0 ? markerFor(decisions.map(({ entry }) => entry)) : null
  const bodyBytes = marker?.length ?? kept.reduce((total, entry) => total + entryBytes(entry), 0)
  const endOfBody = containerHeaderBytes + bodyBytes
  const freedBytes = container.sizeBytes - endOfBody
  if (freedBytes <= 0) return null
  const body: ByteSpan[] = marker ? [{ type: 'bytes', bytes: marker }] : kept.map(copyOf)
  return {
    edit: {
      at: container.offset,
      spans: [
        { type: 'bytes', bytes: encodeContainerHeader(bodyBytes) },
        ...body,
        { type: 'zeros', length: freedBytes },
      ],
    },
    freed: { start: container.offset + endOfBody, end: container.offset + container.sizeBytes },
  }
}

export function entryBytes(entry: CodeEntry): number {
  return entry.headerBytes + entry.payloadBytes
}

function copyOf(entry: CodeEntry): ByteSpan {
  return { type: 'copy', from: entry.offset, length: entryBytes(entry) }
}

export function encodeContainerHeader(bodyBytes: number): Uint8Array {
  const bytes = new Uint8Array(containerHeaderBytes)
  const view = viewOf(bytes)
  view.setUint32(0, containerMagic, true)
  view.setUint16(4, 1, true)
  view.setUint16(6, containerHeaderBytes, true)
  writeU64(view, 8, bodyBytes)
  return bytes
}

/**
 * An empty container could be reported as damaged instead of "no kernel image for this device" (error 209), which
 * callers expect and catch. So one entry stays, of an architecture that the container had and no target runs, with an
 * ELF header and no code.
 */
export function markerFor(removed: readonly CodeEntry[]): Uint8Array {
  const model = removed.find((entry) => entry.kind === 'cubin') ?? removed[0]
  const number = model === undefined ? 0 : architectureNumber(model.architecture)
  const cubin = emptyCubin(number)
  const bytes = new Uint8Array(leastEntryHeaderBytes + cubin.length)
  const view = viewOf(bytes)
  view.setUint16(0, entryKinds.cubin, true)
  view.setUint16(2, 0x0101, true)
  view.setUint32(4, leastEntryHeaderBytes, true)
  writeU64(view, 8, cubin.length)
  view.setUint16(24, 8, true)
  view.setUint16(26, 1, true)
  view.setUint32(28, number, true)
  view.setUint32(40, ((model?.flags ?? 0) & ~(entryFlags.lz4 | entryFlags.zstd)) >>> 0, true)
  bytes.set(cubin, leastEntryHeaderBytes)
  return bytes
}
