import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const packageSchema = z.object({
  name: z.literal('ingot'),
  version: z.string(),
  dependencies: z.record(z.string(), z.string()),
})

/** The package that this program is a part of: a checkout has this file two folders down, the compiled package three. */
export async function ownPackage(): Promise<z.infer<typeof packageSchema> | undefined> {
  for (const up of ['../..', '../../..']) {
    const text = await readFile(join(import.meta.dirname, up, 'package.json'), 'utf8').catch(() => 'null')
    const found = packageSchema.safeParse(JSON.parse(text))
    if (found.success) return found.data
  }
  return undefined
}
