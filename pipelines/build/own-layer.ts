import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { ownLayerCause } from '../../images/oci/layer-causes.ts'
import { mediaTypes, type StoredLayer } from '../../images/oci/oci.ts'
import { type OwnFile, type OwnLayer, ownLayerEntries } from '../../images/plan/own-layer.ts'
import { paddingBytes, tarHeader, trailerBytes } from '../../images/weights/tar-header.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { messageOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'
import { type RecordKind, recall, remember, touchRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { writeBlob } from '../store/write.ts'
import { areIntact, storedLayersSchema } from './stored-layers.ts'

const recordKind: RecordKind<{ layers: StoredLayer[] }> = {
  name: 'own-layer',
  schema: z.object({ layers: storedLayersSchema }),
}

/**
 * The recipe's files as a layer of the store, uncompressed, so that its bytes follow from the files alone. Throws `drifted`
 * for a file that is not the one of the lock.
 */
export async function packOwnLayer(
  store: Store,
  layer: OwnLayer,
  recipeFolder: string,
): Promise<StoredLayer[]> {
  const known = await recall(store, recordKind, layer.key)
  if (known !== undefined && (await areIntact(store, known.layers))) {
    await touchRecord(store, recordKind.name, layer.key)
    return known.layers
  }
  const { digest, sizeBytes } = await writeBlob(store, tarOf(layer, recipeFolder))
  const descriptor = { mediaType: mediaTypes.layer, digest, size: sizeBytes }
  const layers = [{ descriptor, diffId: digest, cause: ownLayerCause }]
  await remember(store, recordKind, layer.key, { layers })
  return layers
}

async function* tarOf(layer: OwnLayer, recipeFolder: string): AsyncGenerator<Uint8Array> {
  for (const { entry, file } of ownLayerEntries(layer)) {
    yield tarHeader(entry)
    if (file === undefined) continue
    yield await lockedBytes(file, recipeFolder)
    yield new Uint8Array(paddingBytes(file.sizeBytes))
  }
  yield new Uint8Array(trailerBytes)
}

/** Files are small (`ownLimits`), so each is read whole. */
async function lockedBytes({ from, sha256 }: OwnFile, recipeFolder: string): Promise<Uint8Array> {
  const attempted = `pack ${from} into the layer of the recipe's files`
  const hint = 'run `ingot lock RECIPE` again, which hashes the files of image.files'
  const bytes = await readFile(resolve(recipeFolder, from)).catch((cause: unknown) => {
    throw new StageError('drifted', { attempted, found: messageOf(cause), hint, cause })
  })
  const found = hexOf(digestOf(bytes))
  if (found === sha256) return bytes
  throw new StageError('drifted', {
    attempted,
    found: `its sha256 is ${found.slice(0, 12)}, and the lock has ${sha256.slice(0, 12)}`,
    hint,
  })
}
