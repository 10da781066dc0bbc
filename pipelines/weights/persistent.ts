import { isTransient } from '../network/error.ts'
import { startPatience } from '../network/retry.ts'
import { WeightsError } from './error.ts'
import type { SourceContext } from './source.ts'

interface SizedFile {
  path: string
  sizeBytes: number
}

/** The file's bytes from `offset` to its end, with a new connection after each that breaks. */
export async function* readPersistently<File extends SizedFile>(
  read: (file: File, offset: number) => AsyncIterable<Uint8Array>,
  file: File,
  offset: number,
  context: SourceContext,
): AsyncGenerator<Uint8Array> {
  const patience = startPatience(context.retry, context.signal)
  let position = offset
  if (position === file.sizeBytes) return
  for (;;) {
    try {
      for await (const chunk of read(file, position)) {
        position += chunk.length
        patience.moved()
        if (position > file.sizeBytes) throw wrongSize(file, `more than ${file.sizeBytes} bytes`)
        yield chunk
      }
      if (position === file.sizeBytes) return
      throw endedEarly(file, position)
    } catch (error) {
      if (!isTransient(error)) throw error
      await patience.pause(error)
    }
  }
}

function endedEarly(file: SizedFile, position: number): WeightsError {
  return new WeightsError('network', {
    attempted: `read ${file.path}`,
    found: `it ended after ${position} of ${file.sizeBytes} bytes`,
    hint: 'the connection broke, or the file at the source became shorter; run the command again',
  })
}

function wrongSize(file: SizedFile, found: string): WeightsError {
  const hint = 'the source changed after it was locked; check it, then run `ingot lock --all RECIPE`'
  return new WeightsError('size-mismatch', { attempted: `read ${file.path}`, found, hint })
}
