import { join, resolve } from 'node:path'
import { type PromptsFile, type RealPrompt, readPrompts } from '../../images/load/real-prompts.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { StageError } from '../error.ts'
import { readRegularFile } from '../files/regular-file.ts'
import type { LockedRecipe } from '../lock/locked-recipe.ts'

export interface ReadPrompts {
  told: PromptsFile
  prompts: readonly RealPrompt[]
}

/** The prompts of a file that `verify.load.prompts` names. Throws `no-file`. */
export async function promptsBeside(
  file: string,
  { folder }: Pick<LockedRecipe, 'folder'>,
): Promise<ReadPrompts> {
  const read = await readRegularFile(resolve(folder, file))
  if (!read.ok) throw unread(join(folder, file), read.found, read.cause)
  const prompts = readPrompts(read.text)
  if (!Array.isArray(prompts)) throw unread(join(folder, file), `line ${prompts.line}: ${prompts.found}`)
  const sha256 = hexOf(digestOf(Buffer.from(read.text)))
  return { told: { file, sha256, count: prompts.length }, prompts }
}

function unread(path: string, found: string, cause?: unknown): StageError {
  return new StageError('no-file', {
    attempted: `read the prompts of ${path}`,
    found,
    hint: 'verify.load.prompts names a file with a prompt a line, as text or as {"prompt": "…", "outputTokens": 64}',
    cause,
  })
}
