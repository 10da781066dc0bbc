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
  const prompts = read.ok ? readPrompts(read.text) : undefined
  if (read.ok && Array.isArray(prompts)) {
    const sha256 = hexOf(digestOf(Buffer.from(read.text)))
    return { told: { file, sha256, count: prompts.length }, prompts }
  }
  throw new StageError('no-file', {
    attempted: `read the prompts of ${join(folder, file)}`,
    found:
      read.ok && prompts !== undefined && 'line' in prompts
        ? `line ${prompts.line}: ${prompts.found}`
        : read.ok
          ? 'no prompt'
          : read.found,
    hint: 'verify.load.prompts names a file with a prompt a line, as text or as {"prompt": "…", "outputTokens": 64}',
    cause: read.ok ? undefined : read.cause,
  })
}
