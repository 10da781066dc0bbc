import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { errnoOf, messageOf } from '../../lib/error.ts'
import { limits } from '../../recipes/limits.ts'
import { extendedFile, type RecipeText } from '../../recipes/written-recipe.ts'
import { StageError } from '../error.ts'
import { nearRecipe } from './near-recipe.ts'

/** How a person names a recipe: a file, and of a file with a matrix the one of this name. */
export interface NamedRecipe {
  file: string
  variant: string | undefined
}

/** Reads `FILE` or `FILE#NAME`. */
export function readRecipeName(text: string): NamedRecipe {
  const match = /^(.+\.ya?ml)#([^#/]+)$/s.exec(text)
  return match === null ? { file: text, variant: undefined } : { file: match[1] ?? '', variant: match[2] }
}

/**
 * The text of a file and of those that it extends, nearest first. Throws `no-recipe` for one that cannot be read, and for
 * files that extend each other in a circle or too deep.
 */
export async function readRecipeTexts(file: string): Promise<[RecipeText, ...RecipeText[]]> {
  const own: RecipeText = { file, text: await readRecipeText(file) }
  const texts: [RecipeText, ...RecipeText[]] = [own]
  for (let last = own; ; ) {
    const extended = extendedFile(last.text)
    if (extended === undefined) return texts
    const base = join(dirname(last.file), extended)
    refuseCircle(texts, last.file, base)
    last = { file: base, text: await readRecipeText(base, `, which ${last.file} extends`) }
    texts.push(last)
  }
}

function refuseCircle(texts: readonly RecipeText[], from: string, base: string): void {
  const isCircle = texts.some(({ file }) => resolve(file) === resolve(base))
  if (!isCircle && texts.length <= limits.extended) return
  throw new StageError('no-recipe', {
    attempted: `read the recipe ${texts[0]?.file}`,
    found: isCircle
      ? `${from} extends ${base}, which extends it in turn`
      : `more than ${limits.extended} files extend each other`,
    hint: 'let one file hold what all share, and extend that',
  })
}

/** The text of one file. Throws `no-recipe` where it cannot be read. */
export async function readRecipeText(file: string, why = ''): Promise<string> {
  try {
    // Without O_NONBLOCK the opening of a FIFO waits for a writer.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      return await readStart(handle)
    } finally {
      await handle.close()
    }
  } catch (cause) {
    const isMissing = errnoOf(cause) === 'ENOENT'
    const near = isMissing ? await nearRecipe(file) : undefined
    throw new StageError('no-recipe', {
      attempted: `read the recipe ${file}${why}`,
      found: isMissing ? 'there is no such file' : messageOf(cause),
      hint:
        near === undefined
          ? 'name a YAML file; `ingot list` shows the recipes here and in ./recipes, `ingot init MODEL` writes one'
          : `did you mean ${near}?`,
      cause,
    })
  }
}

/** The text of a regular file, or so much of it that its reader sees that it is too long. */
async function readStart(handle: FileHandle): Promise<string> {
  const info = await handle.stat()
  if (!info.isFile()) throw new Error(info.isDirectory() ? 'it is a folder' : 'it is no regular file')
  const bytes = Buffer.alloc(Math.min(info.size, limits.recipeBytes + 1))
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
  return bytes.subarray(0, bytesRead).toString('utf8')
}
