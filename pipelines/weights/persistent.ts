import { setTimeout as sleep } from 'node:timers/promises'
import { isTransient } from '../network/error.ts'
import { defaultRetry, delayMs } from '../network/retry.ts'
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
  const policy = context.retry ?? defaultRetry
  let position = offset
  if (position === file.sizeBytes) return
  for (let failures = 0; ; ) {
    try {
      for await (const chunk of read(file, position)) {
        position += chunk.length
        failures = 0
        if (position > file.sizeBytes) throw wrongSize(file, `more than ${file.sizeBytes} bytes`)
        yield chunk
      }
      if (position === file.sizeBytes) return
      throw endedEarly(file, position)
    } catch (error) {
      if (!isTransient(error) || ++failures >= policy.attempts) throw error
      const options = context.signal ? { signal: context.signal } : undefined
      await sleep(delayMs(policy, failures, error), undefined, options)
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
