import { open, readFile } from 'node:fs/promises'

/** Damages a file as a bad disk does: one bit, same size. */
export async function flipBit(path: string, atByte: number): Promise<void> {
  const file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, atByte)
  byte[0] = (byte[0] ?? 0) ^ 1
  await file.write(byte, 0, 1, atByte)
  await file.close()
}

export function readText(path: string): Promise<string> {
  return readFile(path, 'utf8')
}
