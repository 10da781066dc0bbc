import { createReadStream, readFileSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Readable, Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { searchForms, secretForms } from '../lib/secret-forms.ts'

/** `FORM in PLACE` for every form of the secret in these texts. */
export function leaksIn(places: Record<string, string | Uint8Array>, secret: string): string[] {
  return Object.entries(places).flatMap(([place, content]) =>
    searchForms(secretForms(secret))(Buffer.from(content)).map((form) => `${form} in ${place}`),
  )
}

/**
 * The same for everything below a folder: names, files as they are, and what gzip and zstd hide in them. `except` names
 * files that hold the secret because a test put it there.
 */
export async function leaksBelow(
  folder: string,
  secret: string,
  except: readonly string[] = [],
): Promise<{ files: number; unpacked: number; leaks: string[] }> {
  const found = { files: 0, unpacked: 0, leaks: [] as string[] }
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    found.leaks.push(...leaksIn({ [`the name ${entry.name}`]: entry.name }, secret))
    if (!entry.isFile() || except.includes(path)) continue
    found.files += 1
    const unpack = await unpackerOf(path)
    if (unpack) found.unpacked += 1
    for (const bytes of [createReadStream(path), ...(unpack ? [createReadStream(path).pipe(unpack)] : [])])
      found.leaks.push(...(await leaksOf(bytes, relative(folder, path), secret)))
  }
  return found
}

async function leaksOf(bytes: Readable, place: string, secret: string): Promise<string[]> {
  const search = searchForms(secretForms(secret))
  const forms = new Set<string>()
  for await (const piece of bytes) for (const form of search(piece)) forms.add(form)
  return [...forms].map((form) => `${form} in ${place}`)
}

async function unpackerOf(path: string): Promise<Transform | undefined> {
  const file = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    if (buffer.readUInt32LE() === 0xfd2fb528) return createZstdDecompress()
    return buffer.readUInt16BE() === 0x1f8b ? createGunzip() : undefined
  } finally {
    await file.close()
  }
}

/** Collects the command line of every process of this machine until it is stopped. */
export async function watchArguments(): Promise<() => Promise<string[]>> {
  const seen = new Set<string>()
  const look = async () => {
    for (const pid of await readdir('/proc')) if (/^\d+$/.test(pid)) seen.add(argumentsOf(pid))
  }
  await look()
  let stopped = false
  const watching = (async () => {
    while (!stopped) {
      await look()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  return async () => {
    stopped = true
    await watching
    return [...seen]
  }
}

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
