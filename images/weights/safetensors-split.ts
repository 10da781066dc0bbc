import { type FilePart, partName, ShortHeadError, type SplitFile } from './split.ts'

interface TensorInfo {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

/**
 * Cuts one safetensors file at tensor borders. Servers load every `*.safetensors` of a folder, or those that an index
 * names, which `indexWithParts` adapts. Throws `ShortHeadError` while `head` is too short; undefined where one tensor is
 * too large.
 */
export function splitSafetensors(
  head: Uint8Array,
  file: { path: string; sizeBytes: number },
  maxPartBytes: number,
): SplitFile | undefined {
  const { metadata, tensors, dataStart } = parseHead(head)
  const groups = group(tensors, maxPartBytes)
  const parts = groups.map((members, index): FilePart => {
    const start = members[0]?.[1].data_offsets[0] ?? 0
    const end = members.at(-1)?.[1].data_offsets[1] ?? 0
    return {
      path: partName(file.path, index, groups.length),
      header: headerOf(metadata, members, start),
      start: dataStart + start,
      end: dataStart + end,
      tensors: members.map(([name]) => name),
    }
  })
  const tooLarge = parts.some((part) => part.header.length + part.end - part.start > maxPartBytes)
  return tooLarge ? undefined : { dataStart, parts }
}

function group(tensors: [string, TensorInfo][], maxPartBytes: number): [string, TensorInfo][][] {
  const groups: { members: [string, TensorInfo][]; headerBytes: number; start: number }[] = []
  for (const member of tensors) {
    const infoBytes = JSON.stringify(member).length + 32
    const [start, end] = member[1].data_offsets
    const last = groups.at(-1)
    if (last && last.headerBytes + infoBytes + (end - last.start) <= maxPartBytes) {
      last.members.push(member)
      last.headerBytes += infoBytes
    } else groups.push({ members: [member], headerBytes: infoBytes + 4096, start })
  }
  return groups.map(({ members }) => members)
}

function headerOf(metadata: unknown, members: [string, TensorInfo][], base: number): Uint8Array {
  const rebased = members.map(([name, info]) => {
    const [start, end] = info.data_offsets
    return [name, { ...info, data_offsets: [start - base, end - base] }] as const
  })
  const json = JSON.stringify({
    ...(metadata === undefined ? {} : { __metadata__: metadata }),
    ...Object.fromEntries(rebased),
  })
  const body = Buffer.from(json)
  const padded = Buffer.concat([body, Buffer.alloc((8 - (body.length % 8)) % 8, ' ')])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  return Buffer.concat([length, padded])
}

function parseHead(bytes: Uint8Array) {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.length < 8) throw new ShortHeadError()
  const dataStart = 8 + Number(view.readBigUInt64LE(0))
  if (view.length < dataStart) throw new ShortHeadError()
  const header: unknown = JSON.parse(view.toString('utf8', 8, dataStart))
  if (typeof header !== 'object' || header === null) throw new Error('its header is not a JSON object')
  const { __metadata__: metadata, ...infos } = header as Record<string, unknown>
  const tensors = Object.entries(infos)
    .map(([name, info]): [string, TensorInfo] => {
      if (isTensor(info)) return [name, info]
      throw new Error(`its header does not say where the tensor ${name.slice(0, 100)} is`)
    })
    .sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1])
  return { metadata, tensors, dataStart }
}

/** Its place alone is read here; whatever else is said of it goes into the parts as it is. */
function isTensor(info: unknown): info is TensorInfo {
  if (typeof info !== 'object' || info === null || !('data_offsets' in info)) return false
  const { data_offsets: place } = info
  return (
    Array.isArray(place) &&
    place.length === 2 &&
    place.every((offset) => Number.isSafeInteger(offset) && offset >= 0) &&
    place[0] <= place[1]
  )
}
