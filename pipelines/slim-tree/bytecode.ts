import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bytecodeHeaderBytes, uncheckedHeader } from '../../images/tree/python-bytecode.ts'

/** Marks every `.pyc` below a folder as valid whatever its source's time. Links are not followed. */
export async function markBytecode(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await markBytecode(path)
    else if (entry.isFile() && entry.name.endsWith('.pyc')) await markFile(path)
  }
}

async function markFile(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    const unchecked = uncheckedHeader(await headerOf(handle))
    if (unchecked) await handle.write(unchecked, 0, unchecked.length, 4)
  } finally {
    await handle.close()
  }
}

async function headerOf(handle: FileHandle): Promise<Uint8Array> {
  const header = new Uint8Array(bytecodeHeaderBytes)
  const { bytesRead } = await handle.read(header, 0, header.length, 0)
  return header.subarray(0, bytesRead)
}
