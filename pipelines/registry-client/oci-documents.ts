import { z } from 'zod'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { manifestTypes } from '../store/manifest.ts'

export const digestSchema = z.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
  'no sha256 digest',
)

/** What registries and other tools write of a blob; more members are ignored. */
export const descriptorSchema = z.object({
  mediaType: z.string(),
  digest: digestSchema,
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).exactOptional(),
  artifactType: z.string().exactOptional(),
})

/** The Accept header for a manifest or an index, of OCI or of Docker. */
export const acceptManifests = manifestTypes.join(', ')
