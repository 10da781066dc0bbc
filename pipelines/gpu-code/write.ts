import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { type ByteSpan, lengthOf } from '../../images/elf/spans.ts'
import { type OpenFile, withFile } from './file.ts'

const bufferBytes = 4 << 20

/**
 * Writes the planned file beside its place and moves it there when it is complete and `check` found nothing. Holds one
 * buffer of 4 MiB.
 */
export async function writeSpans(
  source: OpenFile,
  spans: readonly ByteSpan[],
  path: string,
  check: (written: OpenFile) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.ingot-${process.pid}`
  try {
    const target = await open(temporary, 'wx', source.mode & 0o7777)
    try {
      await copySpans(source, spans, target)
      // The umask took bits from the mode given to open.
      await target.chmod(source.mode & 0o7777)
    } finally {
      await target.close()
    }
    await withFile(temporary, check)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Thousands of spans are a few hundred bytes long, so they are gathered and written 4 MiB at a time. */
async function copySpans(source: OpenFile, spans: readonly ByteSpan[], target: FileHandle): Promise<void> {
  const buffer = Buffer.allocUnsafe(bufferBytes)
  let used = 0
  let written = 0
  async function flush(): Promise<void> {
    await writeAll(target, buffer.subarray(0, used), written)
    written += used
    used = 0
  }
  for (const span of spans)
    for (let done = 0; done < lengthOf(span); ) {
      const length = Math.min(lengthOf(span) - done, buffer.length - used)
      await fill(buffer.subarray(used, used + length), span, done, source)
      used += length
      done += length
      if (used === buffer.length) await flush()
    }
  await flush()
}

async function fill(place: Buffer, span: ByteSpan, from: number, source: OpenFile): Promise<void> {
  if (span.type === 'zeros') place.fill(0)
  else if (span.type === 'copy') await source.readInto(place, span.from + from)
  else place.set(span.bytes.subarray(from, from + place.length))
}

async function writeAll(target: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await target.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}
