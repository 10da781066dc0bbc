import { closeSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs'

/**
 * Loads a library with the machine's own loader and reads what it put into memory. Node refuses it as an add-on only
 * after dlopen has mapped and relocated it.
 */
export function memoryWhenLoaded(path: string, sizeBytes: number): Buffer {
  try {
    process.dlopen({ exports: {} }, path)
  } catch (error) {
    if (!String(error).includes('did not self-register')) throw error
  }
  const base = baseOf(realpathSync(path))
  const memory = Buffer.alloc(sizeBytes)
  const process_ = openSync('/proc/self/mem', 'r')
  try {
    for (let at = 0; at < sizeBytes; at += 4096)
      readIfMapped(process_, memory.subarray(at, Math.min(at + 4096, sizeBytes)), base + at)
  } finally {
    closeSync(process_)
  }
  return memory
}

function baseOf(path: string): number {
  const first = readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .find((line) => line.endsWith(path))
  if (first === undefined) throw new Error(`${path} is not in memory`)
  return Number.parseInt(first.split('-')[0] ?? '', 16)
}

/** Gaps between segments have no memory and read as an error; they count as zeros. */
function readIfMapped(file: number, page: Buffer, address: number): void {
  try {
    readSync(file, page, 0, page.length, address)
  } catch {
    page.fill(0)
  }
}
