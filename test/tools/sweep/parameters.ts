import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { pythonPath } from '../find.ts'

/**
 * Records how many parameters each class of transformers has and how wide its keys and values are, so that the sweep can be held to them where torch is not
 * installed. Takes some minutes of one core.
 *
 *     node test/tools/sweep/parameters.ts
 */

const classSchema = z.strictObject({
  elements: z.int().positive(),
  /** Elements of one token's keys, and of its values, in all layers together; 0 where no matrix of theirs has that name. */
  keys: z.int(),
  values: z.int(),
})

export type ClassParameters = z.infer<typeof classSchema>

export const parametersSchema = z.record(z.string(), classSchema)

const path = join(import.meta.dirname, 'parameters.json')

if (import.meta.main) {
  const script = join(import.meta.dirname, 'parameters.py')
  const { stdout } = await promisify(execFile)(pythonPath('guidellm'), [script], { maxBuffer: 2 ** 24 })
  await writeFile(path, `${JSON.stringify(parametersSchema.parse(JSON.parse(stdout)), null, 2)}\n`)
}
