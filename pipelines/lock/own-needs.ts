import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { readDynamic } from '../../images/elf/dynamic.ts'
import { ElfError } from '../../images/elf/error.ts'
import { isElf, parseElf } from '../../images/elf/parse.ts'
import { readerOf } from '../../images/elf/reader.ts'
import type { LockedOwnFile, LockedOwnFiles } from '../../recipes/own-layer.ts'

type Needs = Pick<LockedOwnFile, 'libraries' | 'startedBy'>

/** The same files with what each needs of the image to run, so that slimming keeps it. */
export async function withNeeds(places: LockedOwnFiles, folder: string): Promise<LockedOwnFiles> {
  const found: LockedOwnFiles = []
  for (const place of places) {
    const files: LockedOwnFile[] = []
    for (const file of place.files)
      files.push({ ...file, ...(await needsOf(resolve(folder, place.from, file.path))) })
    found.push({ ...place, files })
  }
  return found
}

async function needsOf(path: string): Promise<Needs> {
  const bytes = await readFile(path)
  const reader = readerOf(bytes)
  if (!(await isElf(reader))) return scriptNeeds(bytes)
  try {
    const { needed, interpreter } = await readDynamic(reader, await parseElf(reader))
    return {
      ...(needed.length > 0 && { libraries: needed }),
      ...(interpreter !== undefined && { startedBy: [interpreter] }),
    }
  } catch (error) {
    // A file of another machine, or a broken one: whoever starts it is told.
    if (error instanceof ElfError) return {}
    throw error
  }
}

/** `#!/usr/bin/env -S python3 -u` is started by env, and by what env starts. */
function scriptNeeds(bytes: Uint8Array): Needs {
  const head = Buffer.from(bytes.subarray(0, 256)).toString('latin1')
  const [, line] = /^#!\s*(\/[^\n\r]*)/.exec(head) ?? []
  if (line === undefined) return {}
  const [program = '', ...words] = line.trim().split(/\s+/)
  const started = program.endsWith('/env') ? words.find((word) => !word.startsWith('-')) : undefined
  return { startedBy: [program, ...(started === undefined ? [] : [started])] }
}
