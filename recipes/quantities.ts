import { z } from 'zod'
import { parseBytes } from '../lib/bytes.ts'
import { limits } from './limits.ts'

/** A number of bytes, or a text such as 16GiB; the parsed value is in bytes. */
export const size = z
  .union([z.number().int().positive(), z.string().max(64)])
  .refine(
    (value) => typeof value === 'number' || isSize(value),
    'a size such as 200MB, 16GiB or a number of bytes',
  )
  .transform((value) => (typeof value === 'number' ? value : parseBytes(value)))
  .refine((bytes) => bytes >= 1 && bytes <= limits.sizeBytes, 'a size from 1 byte to 1000 TB')

/** A positive whole number up to `most`. */
export const count = (most: number) => z.number().int().positive().max(most)

function isSize(text: string): boolean {
  try {
    parseBytes(text)
    return true
  } catch {
    return false
  }
}
