import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { pythonPath } from '../find.ts'

/**
 * Records how many parameters each class of transformers has, so that the sweep can be held to them where torch is not
 * installed. Takes some minutes of one core.
 *
 *     node test/tools/sweep/parameters.ts
 */

export const parametersSchema = z.record(z.string(), z.int().positive())

const path = join(import.meta.dirname, 'parameters.json')

if (import.meta.main) {
  const script = join(import.meta.dirname, 'parameters.py')
  const { stdout } = await promisify(execFile)(pythonPath('guidellm'), [script], { maxBuffer: 2 ** 24 })
  await writeFile(path, `${JSON.stringify(parametersSchema.parse(JSON.parse(stdout)), null, 2)}\n`)
}
