import { z } from 'zod'
import type { StoredLayer } from '../../images/oci/oci.ts'
import { descriptorSchema, digestSchema } from '../registry-client/oci-documents.ts'
import { intactBytes } from '../store/damage.ts'
import type { Store } from '../store/store.ts'

/** Layers as a record keeps them. */
export const storedLayersSchema = z.array(
  z.object({ descriptor: descriptorSchema, diffId: digestSchema, cause: z.string() }),
) satisfies z.ZodType<StoredLayer[]>

/** Whether the store has all of them as they were made. */
export async function areIntact(store: Store, layers: readonly StoredLayer[]): Promise<boolean> {
  for (const { descriptor } of layers) if ((await intactBytes(store, descriptor)) === undefined) return false
  return true
}
