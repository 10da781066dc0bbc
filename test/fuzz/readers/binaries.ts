import { gzipSync, zstdCompressSync } from 'node:zlib'
import { readDynamic } from '../../../images/elf/dynamic.ts'
import { parseElf } from '../../../images/elf/parse.ts'
import { readerOf } from '../../../images/elf/reader.ts'
import { totalLength } from '../../../images/elf/spans.ts'
import { parseArchitecture } from '../../../images/gpu-code/architecture.ts'
import { findContainers } from '../../../images/gpu-code/find.ts'
import { planRewrite } from '../../../images/gpu-code/rewrite.ts'
import { splitGguf } from '../../../images/weights/gguf-split.ts'
import { splitSafetensors } from '../../../images/weights/safetensors-split.ts'
import { ShortHeadError } from '../../../images/weights/split.ts'
import { tarHeader, trailerBytes } from '../../../images/weights/tar-header.ts'
import { digestOf } from '../../../lib/digest.ts'
import { listLayer } from '../../../pipelines/image-reader/layer.ts'
import { ggufHeader, safetensorsHeader } from '../../../pipelines/lock/model-ranges.ts'
import type { RangedFile } from '../../../pipelines/network/ranged.ts'
import { readArchive } from '../../../pipelines/weights/oci-archive.ts'
import type { OpenWeights } from '../../../pipelines/weights/source.ts'
import { openZip, readMember } from '../../../pipelines/weights/zip.ts'
import type { LockedFile } from '../../../recipes/locked-weights.ts'
import { craftLibrary } from '../../images/elf/craft.ts'
import { withSymbols } from '../../images/elf/with-symbols.ts'
import { craftContainer, entriesOf } from '../../images/gpu-code/craft.ts'
import type { Random } from '../../images/memory/random.ts'
import { gguf, ggufMetadata, safetensors } from '../../pipelines/memory-files.ts'
import { type ForeignReader, piecesOf } from './reader.ts'
import { zipOf } from './zip-sample.ts'

const targets = [parseArchitecture('9.0')]
const containers = ['sm_80:5000 sm_90:9000 compute_90:300', 'sm_90a:400 compute_80:100'].map((text) =>
  craftContainer(entriesOf(text)),
)
const { bytes: library } = craftLibrary({ containers, dataContainers: containers, needed: ['libc.so.6'] })
const withTables = withSymbols(library)

async function readLibrary(bytes: Buffer): Promise<void> {
  const reader = readerOf(bytes)
  const elf = await parseElf(reader)
  await readDynamic(reader, elf)
  await findContainers(reader, elf)
  const { spans } = await planRewrite(reader, elf, targets, { symbols: 'dropped' })
  if (spans !== null && totalLength(spans) > bytes.length * 2 + 65_536)
    throw new Error('it grows by the rewriting')
}

function tarSample(): Buffer {
  const member = (path: string, text: string) => {
    const header = Buffer.from(tarHeader({ path, type: 'file', sizeBytes: text.length }))
    return Buffer.concat([header, Buffer.from(text.padEnd(Math.ceil(text.length / 512) * 512, '\0'))])
  }
  return Buffer.concat([
    member('usr/bin/tar', 'a program'),
    member('models/model.gguf', 'x'.repeat(2000)),
    member(`a/${'long/'.repeat(40)}name`, 'y'),
    Buffer.alloc(trailerBytes),
  ])
}

const tars = [tarSample, () => gzipSync(tarSample()), () => zstdCompressSync(tarSample())]

/** A file of weights that is nowhere but here. */
function weightsOf(bytes: Buffer, path: string): { source: OpenWeights; file: LockedFile } {
  const file = { path, sizeBytes: bytes.length, sha256: 'a'.repeat(64) }
  const source: OpenWeights = {
    async *read(_, offset) {
      yield bytes.subarray(offset)
    },
    close: async () => {},
  }
  return { source, file }
}

const ggufSample = () => gguf(ggufMetadata, { 'token_embd.weight': 40, 'output.weight': 40 })
const safetensorsSample = () => safetensors({ 'model.embed_tokens.weight': 400, 'lm_head.weight': 400 })

function archiveOf(bytes: Buffer, random: Random) {
  const mediaType = 'application/vnd.oci.image.layer.v1.tar'
  const layer = { mediaType, digest: digestOf(bytes), size: bytes.length }
  return readArchive({ layer, isImage: random.below(2) === 0 }, piecesOf(bytes, random))
}

function rangedOf(bytes: Buffer): RangedFile {
  return {
    sizeBytes: bytes.length,
    async *read(start, end) {
      yield bytes.subarray(start, end)
    },
    close: async () => {},
  }
}

async function readZip(bytes: Buffer): Promise<void> {
  const zip = await openZip(rangedOf(bytes), 'a wheel')
  let left = 1 << 24
  for (const entry of zip.entries.values())
    for await (const chunk of readMember(zip, entry, 0)) {
      left -= chunk.length
      // What a lock says of a member's size bounds it in the product.
      if (left < 0) return
    }
}

/** Readers of binaries. Each gets the whole file in memory, so that a length which a header says is all that can ask for more. */
export const binaryReaders: ForeignReader[] = [
  { name: 'ELF', kind: 'bytes', samples: [() => library, () => withTables], read: readLibrary },
  {
    name: 'fat binary',
    kind: 'bytes',
    samples: [() => craftLibrary({ containers: containers.slice(0, 1) }).bytes],
    read: (bytes, random) => readLibrary(damagedContainers(bytes, random)),
  },
  {
    name: 'layer of an image',
    kind: 'bytes',
    samples: tars,
    read: (bytes, random) => listLayer(piecesOf(bytes, random), { what: 'a layer', scratch: null }),
  },
  { name: 'layer of weights', kind: 'bytes', samples: tars, read: archiveOf },
  { name: 'zip', kind: 'bytes', samples: [zipOf], read: readZip },
  {
    name: 'GGUF',
    kind: 'bytes',
    samples: [ggufSample],
    tellsInWords: true,
    read: async (bytes) => {
      const { source, file } = weightsOf(bytes, 'model.gguf')
      await ggufHeader(source, file)
    },
  },
  {
    name: 'safetensors',
    kind: 'bytes',
    samples: [safetensorsSample],
    tellsInWords: true,
    read: async (bytes) => {
      const { source, file } = weightsOf(bytes, 'model.safetensors')
      await safetensorsHeader(source, file)
    },
  },
  {
    name: 'division of GGUF',
    kind: 'bytes',
    samples: [ggufSample],
    tellsInWords: true,
    read: (bytes) => wholeHead(() => splitGguf(bytes, { path: 'model.gguf', sizeBytes: bytes.length }, 9000)),
  },
  {
    name: 'division of safetensors',
    kind: 'bytes',
    samples: [safetensorsSample],
    tellsInWords: true,
    read: (bytes) =>
      wholeHead(() => splitSafetensors(bytes, { path: 'm.safetensors', sizeBytes: bytes.length }, 9000)),
  },
]

/** A head that is too short is read on in the product; here the file has no more. */
function wholeHead<Value>(act: () => Value): Value {
  try {
    return act()
  } catch (error) {
    throw error instanceof ShortHeadError ? new Error('its head has no end') : error
  }
}

/** Changes behind the headers of the file, where the containers are. */
function damagedContainers(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  const starts = [...copy.entries()].flatMap(([at]) =>
    at + 4 <= copy.length && at % 4 === 0 && copy.readUInt32LE(at) === 0xba55ed50 ? [at] : [],
  )
  if (starts.length === 0) return copy
  const at = random.pick(starts) + random.below(100)
  if (at + 8 > copy.length) return copy
  copy.writeBigUInt64LE(
    BigInt(random.pick(['0', '1', '255', '65535', '4294967295', '18446744073709551615'])),
    at,
  )
  return copy
}
