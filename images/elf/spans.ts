/**
 * A file to be written, as pieces in order: bytes of the original, new bytes, or zeros. Pieces hold places, not content,
 * so the plan of a 500 MB library takes a few kilobytes.
 */
export type ByteSpan =
  | { type: 'copy'; from: number; length: number }
  | { type: 'bytes'; bytes: Uint8Array }
  | { type: 'zeros'; length: number }

/** Spans that take the place of as many bytes from `at` on. */
export interface Edit {
  at: number
  spans: readonly ByteSpan[]
}

/** Bytes `start` to `end`, `end` not included. */
export interface Range {
  start: number
  end: number
}

export function lengthOf(span: ByteSpan): number {
  return span.type === 'bytes' ? span.bytes.length : span.length
}

export function totalLength(spans: readonly ByteSpan[]): number {
  return spans.reduce((total, span) => total + lengthOf(span), 0)
}

/** The spans with edits laid over them; edits do not overlap and keep every other byte where it is. */
export function withEdits(spans: readonly ByteSpan[], edits: readonly Edit[]): ByteSpan[] {
  const sorted = [...edits].sort((a, b) => a.at - b.at)
  const covered = sorted.map(({ at, spans: added }) => ({ start: at, end: at + totalLength(added) }))
  const parts = slices(spans, covered)
  return parts.flatMap((part, index) => [...part, ...(sorted[index]?.spans ?? [])])
}

/** The spans without the given ranges; what follows moves forward. */
export function without(spans: readonly ByteSpan[], ranges: readonly Range[]): ByteSpan[] {
  return slices(
    spans,
    [...ranges].sort((a, b) => a.start - b.start),
  ).flat()
}

/** What lies before, between and after sorted ranges: one list more than there are ranges. */
function slices(spans: readonly ByteSpan[], ranges: readonly Range[]): ByteSpan[][] {
  const parts: ByteSpan[][] = [[]]
  let at = 0
  let next = 0
  for (const span of spans) {
    const end = at + lengthOf(span)
    let from = at
    for (let range = ranges[next]; range !== undefined && range.start < end; range = ranges[next]) {
      if (range.start > from) parts.at(-1)?.push(part(span, from - at, range.start - at))
      if (range.start >= at) parts.push([])
      from = Math.min(range.end, end)
      if (range.end > end) break
      next += 1
    }
    if (from < end) parts.at(-1)?.push(part(span, from - at, end - at))
    at = end
  }
  for (; next < ranges.length && parts.length <= ranges.length; next += 1) parts.push([])
  return parts
}

function part(span: ByteSpan, start: number, end: number): ByteSpan {
  if (span.type === 'copy') return { type: 'copy', from: span.from + start, length: end - start }
  if (span.type === 'zeros') return { type: 'zeros', length: end - start }
  return { type: 'bytes', bytes: span.bytes.subarray(start, end) }
}
