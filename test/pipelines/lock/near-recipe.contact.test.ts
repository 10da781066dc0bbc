import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findImage } from '../../../pipelines/catalogue/find-image.ts'
import { nearRecipe } from '../../../pipelines/lock/near-recipe.ts'
import { readRecipeTexts } from '../../../pipelines/lock/recipe-texts.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'

async function folderWith(...names: string[]): Promise<string> {
  const folder = await scratchFolder()
  await mkdir(join(folder, 'recipes'))
  for (const name of names) await writeFile(join(folder, name), 'name: x\n')
  return folder
}

test.each([
  ['mine.yml', 'mine.yaml'],
  ['mine', 'mine.yaml'],
  ['mien.yaml', 'mine.yaml'],
  ['other.yaml', undefined],
  ['recipes/mine.yaml', undefined],
])('beside mine.yaml, %s means %s', async (wrong, meant) => {
  const folder = await folderWith('mine.yaml', 'qwen3-8b-vllm.yaml', 'notes.txt')
  expect(await nearRecipe(join(folder, wrong))).toBe(meant && join(folder, meant))
})

test('a folder that is not there, or a file in its place, means nothing', async () => {
  const folder = await folderWith('mine.yaml')
  expect(await nearRecipe(join(folder, 'nothing/mine.yaml'))).toBeUndefined()
  expect(await nearRecipe(join(folder, 'mine.yaml/mine.yaml'))).toBeUndefined()
})

test('a recipe that is not there names the one that is meant', async () => {
  const folder = await folderWith('mine.yaml')
  await expect(readRecipeTexts(join(folder, 'mien.yaml'))).rejects.toMatchObject({
    code: 'no-recipe',
    failure: { found: 'there is no such file', hint: `did you mean ${join(folder, 'mine.yaml')}?` },
  })
})

test('an image that is not there names the recipe that is meant', async () => {
  const folder = await folderWith('mine.yaml')
  const found = findImage(join(folder, 'mine'), await scratchStore(), {
    settings: { locksFolder: undefined },
    act: 'run',
  })
  await expect(found).rejects.toMatchObject({
    code: 'no-image',
    failure: { hint: `did you mean ${join(folder, 'mine.yaml')}? build an image first` },
  })
})
