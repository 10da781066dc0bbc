import { isTransient, NetworkError } from './error.ts'
import { type RetryPolicy, startPatience } from './retry.ts'

interface SizedFile {
  path: string
  sizeBytes: number
}

/** How long to go on, and until when. */
export interface Persistence {
  retry?: RetryPolicy
  signal?: AbortSignal
}

/** The file's bytes from `offset` to its end, with a new connection after each that breaks. */
export async function* readPersistently<File extends SizedFile>(
  read: (file: File, offset: number) => AsyncIterable<Uint8Array>,
  file: File,
  offset: number,
  { retry, signal }: Persistence,
): AsyncGenerator<Uint8Array> {
  const patience = startPatience(retry, signal)
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

function endedEarly(file: SizedFile, position: number): NetworkError {
  return new NetworkError('network', {
    attempted: `read ${file.path}`,
    found: `it ended after ${position} of ${file.sizeBytes} bytes`,
    hint: 'the connection broke, or the file at the source became shorter; run the command again',
  })
}

function wrongSize(file: SizedFile, found: string): NetworkError {
  const hint = 'the source changed since its size was written down, or something on the way adds to it'
  return new NetworkError('size-mismatch', { attempted: `read ${file.path}`, found, hint })
}
