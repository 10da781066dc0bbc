import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { absolutePath, type LayerEntry, smallestHashedBytes } from '../../images/attribution/layer-files.ts'
import { ElfError } from '../../images/elf/error.ts'
import { messageOf } from '../../lib/error.ts'
import { listGpuCode } from '../gpu-code/gpu-code.ts'
import { listHipCode } from '../gpu-code/hip.ts'
import { compressionOf, peek } from '../weights/unpack.ts'
import { SizeError } from './error.ts'
import { streamSource } from './source.ts'
import { type TarMember, tarMembers } from './tar.ts'

export interface LayerReading {
  /** How the layer is called in errors. */
  what: string
  /** A folder for one library at a time, where GPU code is looked for; null leaves it out and writes nothing. */
  scratch: string | null
}

/** Reads a layer once, from its first byte to its last, and gives what it holds. Throws `broken-layer`. */
export async function listLayer(
  chunks: AsyncIterable<Uint8Array>,
  reading: LayerReading,
): Promise<LayerEntry[]> {
  const { head, all, end } = await peek(chunks)
  const entries: LayerEntry[] = []
  const read = async (plain: AsyncIterable<Uint8Array>) => {
    const source = streamSource(plain)
    for await (const member of tarMembers(source, reading.what)) entries.push(await entryOf(member, reading))
    // What follows the tar is read too: the sender's hash covers it.
    await source.pass(Number.POSITIVE_INFINITY)
  }
  try {
    const unpack = unpackerFor(head, reading.what)
    if (unpack === null) await read(all)
    else await pipeline(all, unpack, read)
  } catch (error) {
    throw isZlibError(error) ? damaged(reading.what, messageOf(error)) : error
  } finally {
    await end()
  }
  return entries
}

const types: Record<string, LayerEntry['type']> = {
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'link',
  '5': 'folder',
}

async function entryOf(member: TarMember, reading: LayerReading): Promise<LayerEntry> {
  const { name, typeFlag, linkName, mode, sizeBytes } = member
  // Before POSIX a folder was a file whose name ends in a slash.
  const type = typeFlag === '0' && name.endsWith('/') ? 'folder' : (types[typeFlag] ?? 'other')
  const entry = { path: absolutePath(name), type, sizeBytes: 0, mode }
  if (type === 'link') return { ...entry, target: linkName }
  if (type === 'hardlink') return { ...entry, target: absolutePath(linkName) }
  if (type !== 'file') return entry
  return { ...entry, sizeBytes, ...(await contentOf(member, reading)) }
}

type ContentFacts = Pick<LayerEntry, 'sha256' | 'gpuCode'>

/** Holes of a sparse file are not in its bytes, so their hash would be another file's. */
async function contentOf(member: TarMember, { scratch, what }: LayerReading): Promise<ContentFacts> {
  if (member.isSparse || member.sizeBytes < smallestHashedBytes) return {}
  const hash = createHash('sha256')
  const gpuCode =
    scratch !== null && member.sizeBytes >= smallestLibraryBytes
      ? await gpuCodeOf(member, hash, join(scratch, `${what.replaceAll(/\W/g, '-')}.library`))
      : await member.read((piece) => void hash.update(piece))
  return { sha256: hash.digest('hex'), ...(gpuCode ? { gpuCode } : {}) }
}

/** A container of GPU code in a smaller file does not change any picture. */
const smallestLibraryBytes = 64 * 1024
const elfMagic = Buffer.from('\x7fELF', 'latin1')

/** Hashes a member and, when it is ELF, keeps a copy until its GPU code is counted. */
async function gpuCodeOf(
  member: TarMember,
  hash: Hash,
  path: string,
): Promise<Record<string, number> | undefined> {
  let copy: FileHandle | undefined
  let head = Buffer.alloc(0)
  try {
    await member.read(async (piece) => {
      hash.update(piece)
      if (head.length >= elfMagic.length) return copy?.writeFile(piece)
      head = Buffer.concat([head, piece])
      if (head.subarray(0, elfMagic.length).equals(elfMagic)) copy = await open(path, 'w')
      await copy?.writeFile(head)
    })
    return copy && (await sharesIn(path))
  } finally {
    await copy?.close()
    await rm(path, { force: true })
  }
}

async function sharesIn(path: string): Promise<Record<string, number> | undefined> {
  try {
    const { code } = await listGpuCode(path, [])
    const hip = await listHipCode(path)
    if (code.shares.length === 0 && hip === null) return undefined
    return {
      ...Object.fromEntries(code.shares.map(({ name, sizeBytes }) => [name, sizeBytes])),
      ...hip?.shares,
    }
  } catch (error) {
    // A foreign image may hold a broken or a 32-bit library: it has no GPU code that anybody loads.
    if (error instanceof ElfError) return undefined
    throw error
  }
}

const unpackers = { none: () => null, gzip: () => createGunzip(), zstd: () => createZstdDecompress() }

/** By the first bytes: media types lie in archives and old images. Null for a plain tar. */
function unpackerFor(head: Uint8Array, what: string) {
  try {
    return unpackers[compressionOf(head)]()
  } catch (error) {
    throw damaged(what, messageOf(error))
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(Z_|ZSTD_|ERR_ZLIB)/.test(String(error.code))
}

function damaged(what: string, found: string): SizeError {
  return new SizeError('broken-layer', {
    attempted: `unpack ${what}`,
    found,
    hint: 'the copy is cut or damaged; fetch or save it again',
  })
}
