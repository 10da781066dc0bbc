import type { LockedFile } from '../../recipes/locked-weights.ts'
import { madeBy, type QuantizedSource } from '../../recipes/quantization.ts'
import { WeightsError } from './error.ts'
import type { LocalFile, OpenWeights, QuantizedMaker } from './source.ts'

interface QuantizedContext {
  makeQuantized: QuantizedMaker | undefined
  openSource(): Promise<OpenWeights>
}

/** The most that is read at once. */
const chunkBytes = 4 << 20

/**
 * Weights that are quantised here: the file that is made, and those that lie beside it as their source has them. Both are
 * opened when they are first read. Throws `refused` where nothing can make the file.
 */
export async function openQuantized(
  source: QuantizedSource,
  files: readonly LockedFile[],
  { makeQuantized, openSource }: QuantizedContext,
): Promise<OpenWeights> {
  const isMade = madeBy(source)
  const find = (file: LockedFile) => files.find(({ path }) => path === file.path) ?? file
  const made = (file: LockedFile) => makeQuantized?.(source, find(file)) ?? noMaker(file)
  let opened: Promise<OpenWeights> | undefined
  const outside = () => {
    opened ??= openSource()
    return opened
  }
  return {
    async *read(file, offset) {
      if (isMade(find(file))) yield* readLocal(await made(file), offset)
      else yield* (await outside()).read(file, offset)
    },
    openLocal: async (file) => (isMade(find(file)) ? made(file) : (await outside()).openLocal?.(file)),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  }
}

/**
 * Makes the quantised ones of these files that are not there yet. Making one packs it into its layer, so whoever holds the lock of
 * that layer asks for them before.
 */
export async function makeAhead(
  source: QuantizedSource,
  files: readonly LockedFile[],
  makeQuantized: QuantizedMaker | undefined,
): Promise<void> {
  for (const file of files.filter(madeBy(source)))
    await (await (makeQuantized?.(source, file) ?? noMaker(file))).close()
}

async function* readLocal(file: LocalFile, offset: number): AsyncGenerator<Uint8Array> {
  try {
    for (let position = offset; ; ) {
      const chunk = new Uint8Array(chunkBytes)
      const length = await file.read(chunk, position)
      if (length === 0) return
      position += length
      yield chunk.subarray(0, length)
    }
  } finally {
    await file.close()
  }
}

function noMaker({ path }: LockedFile): never {
  throw new WeightsError('refused', {
    attempted: `read ${path}`,
    found: 'it is quantised by ingot, and this command starts no engine',
    hint: 'run `ingot build` on the recipe first, which makes it',
  })
}
