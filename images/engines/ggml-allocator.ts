/** One tensor of a graph, in the order in which it is computed. */
export interface GraphTensor {
  name: string
  sizeBytes: number
  /** Names of the tensors that it is computed from. */
  from: readonly string[]
  /** The one of them whose place it takes, where nobody else reads that. */
  over?: string
  /** Stays until the end, as nothing reads it. */
  stays?: boolean
}

interface Gap {
  start: number
  sizeBytes: number
}

const alignment = 128

/**
 * Bytes of the buffer in which a graph is computed, by the rules of ggml's `ggml-alloc.c`: each tensor takes the smallest gap
 * that holds it, or the end; it leaves its place when the last tensor that reads it is computed.
 */
export function graphBufferBytes(tensors: readonly GraphTensor[]): number {
  const readers = readersOf(tensors)
  const places = new Map<string, Gap>()
  let gaps: Gap[] = [{ start: 0, sizeBytes: Number.POSITIVE_INFINITY }]
  let peak = 0
  for (const tensor of tensors) {
    const taken = takenOver(tensor, readers, places)
    const place = taken ?? placeIn(gaps, roundUp(tensor.sizeBytes))
    if (taken && tensor.over) places.delete(tensor.over)
    if (taken) gaps = joined([...gaps, ...cutOff(taken, roundUp(tensor.sizeBytes))])
    places.set(tensor.name, place)
    peak = Math.max(peak, place.start + place.sizeBytes)
    for (const name of tensor.from) {
      readers.set(name, (readers.get(name) ?? 1) - 1)
      const left = places.get(name)
      if (left === undefined || readers.get(name) !== 0) continue
      places.delete(name)
      gaps = joined([...gaps, left])
    }
  }
  return peak
}

function readersOf(tensors: readonly GraphTensor[]): Map<string, number> {
  const readers = new Map<string, number>(tensors.map(({ name, stays }) => [name, stays ? 1 : 0]))
  for (const name of tensors.flatMap(({ from }) => from)) readers.set(name, (readers.get(name) ?? 0) + 1)
  return readers
}

function takenOver({ over, sizeBytes }: GraphTensor, readers: Map<string, number>, places: Map<string, Gap>) {
  const place = over === undefined || readers.get(over) !== 1 ? undefined : places.get(over)
  return place && place.sizeBytes >= roundUp(sizeBytes) ? place : undefined
}

/** Shortens a place that was taken over, and gives what lies behind it. */
function cutOff(place: Gap, sizeBytes: number): Gap[] {
  const rest = { start: place.start + sizeBytes, sizeBytes: place.sizeBytes - sizeBytes }
  place.sizeBytes = sizeBytes
  return rest.sizeBytes > 0 ? [rest] : []
}

/** Takes the place out of the gaps; the last gap is the end of the buffer. */
function placeIn(gaps: Gap[], sizeBytes: number): Gap {
  const fitting = gaps.slice(0, -1).filter((gap) => gap.sizeBytes >= sizeBytes)
  const end = gaps[gaps.length - 1] ?? { start: 0, sizeBytes: Number.POSITIVE_INFINITY }
  const gap = fitting.reduce((best, one) => (one.sizeBytes < best.sizeBytes ? one : best), fitting[0] ?? end)
  const place = { start: gap.start, sizeBytes }
  gap.start += sizeBytes
  gap.sizeBytes -= sizeBytes
  if (gap.sizeBytes === 0) gaps.splice(gaps.indexOf(gap), 1)
  return place
}

function joined(gaps: readonly Gap[]): Gap[] {
  const result: Gap[] = []
  for (const gap of gaps.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1)
    if (last && last.start + last.sizeBytes === gap.start) last.sizeBytes += gap.sizeBytes
    else result.push({ ...gap })
  }
  return result
}

function roundUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / alignment) * alignment
}
