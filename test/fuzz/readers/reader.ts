import { IngotError } from '../../../lib/error.ts'
import { type Random, randomOf } from '../../images/memory/random.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { mutated } from '../mutations.ts'

/** Something of the product that reads bytes of others. */
export interface ForeignReader {
  name: string
  /** What the bytes are changed as; most of a text's changes would be lost on a binary. */
  kind: 'bytes' | 'text'
  /** Sound bytes, of which some are changed. */
  samples: readonly (() => Buffer)[]
  /** Reads them. What an error that is made for people ends is fine; so is `Error` where the caller puts it into one. */
  read(bytes: Buffer, random: Random): unknown
  /** The reader tells in plain words, and its callers say what was attempted. */
  tellsInWords?: true
}

/** `read`: taken as it is; `refused`: an error that says what to do. */
export type Outcome = 'read' | 'refused'

/** Changes sound bytes by the seed and reads them. Throws what nobody foresaw. */
export async function outcomeOf(reader: ForeignReader, seed: number): Promise<Outcome> {
  const random = randomOf(seed)
  const bytes = changed(reader, random)
  try {
    await reader.read(bytes, random)
    return 'read'
  } catch (error) {
    if (isForeseen(error, reader)) return 'refused'
    throw error
  }
}

/** One in ten is whole: what is sound has to be read. */
function changed({ kind, samples }: ForeignReader, random: Random): Buffer {
  const whole = random.pick(samples)()
  if (random.below(10) === 0) return whole
  if (kind === 'text' && random.below(4) > 0) return Buffer.from(mutated(whole.toString('utf8'), random))
  let bytes = whole
  for (let left = 1 + random.below(3); left > 0; left -= 1) bytes = mutateBytes(bytes, random)
  return bytes
}

function isForeseen(error: unknown, { tellsInWords }: ForeignReader): boolean {
  if (error instanceof IngotError) return error.code !== '' && error.hint !== '' && error.failure.found !== ''
  if (tellsInWords === undefined || !(error instanceof Error)) return false
  // A reader's own words; what the language throws by itself is a fault that nobody saw.
  return error.message !== '' && !(error instanceof TypeError) && !(error instanceof ReferenceError)
}

/** Bytes as a stream, in pieces of many sizes. */
export async function* piecesOf(bytes: Uint8Array, random: Random): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const length = random.pick([1, 7, 512, 4096, 1 << 16])
    yield bytes.subarray(at, at + length)
    at += length
  }
}
