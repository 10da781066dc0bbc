import { z } from 'zod'
import { type Digest, isDigest } from '../lib/digest.ts'
import { debianPackages } from './debian-packages.ts'

export const pinnedDigest = z.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
  'sha256: and 64 hex digits',
)

export const pinnedImage = z.strictObject({
  reference: z.string().min(1),
  digest: pinnedDigest,
})

/** A base with package files on it, and nothing of a recipe. */
export const pinnedPackages = z.strictObject({
  type: z.literal('debian'),
  base: pinnedImage,
  /** Package files that installing the requested ones adds to the base, sorted by name. */
  packages: debianPackages,
  /** Requested packages that the base has already, by name; absent where there are none. */
  present: z.array(z.string()).optional(),
})
