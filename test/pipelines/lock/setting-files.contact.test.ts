import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { requireSame } from '../../../pipelines/lock/locked-recipe.ts'
import { checkRecipe, loadRecipe } from '../../../pipelines/lock/recipe-files.ts'
import { parseLock } from '../../../recipes/lock.ts'
import { lockFor } from '../../images/engines/fixtures.ts'
import { scratchFolder } from '../../scratch.ts'

async function place(files: Record<string, string>): Promise<string> {
  const folder = await scratchFolder()
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const file = join(folder, 'demo.yaml')
  await writeFile(
    file,
    `name: demo
model:
  name: demo
  chatTemplate: chat.jinja
  generationConfig: ./generation.json
engine: { id: llama-cpp }
weights: { source: { type: folder, path: . } }
`,
  )
  return file
}

test('files are in the lock with their text, and a changed one is a difference', async () => {
  const file = await place({ 'chat.jinja': '{{ messages }}', 'generation.json': '{"temperature": 0.5}' })
  const loaded = await loadRecipe(file, { locksFolder: undefined })
  const { settingFiles = {} } = loaded
  expect(settingFiles.chatTemplate).toMatchObject({ path: 'chat.jinja', text: '{{ messages }}' })
  const lock = parseLock(JSON.stringify({ ...lockFor(loaded.recipe), settingFiles }), 'again')
  expect(() => requireSame(loaded, lock)).not.toThrow()

  await writeFile(join(file, '../chat.jinja'), '{{ messages[0] }}')
  const changed = await loadRecipe(file, { locksFolder: undefined })
  expect(() => requireSame(changed, lock)).toThrow(
    /model\.chatTemplate: the recipe says chat\.jinja with sha256 \w{12}, the lock sha256/,
  )
  const { settingFiles: _, ...without } = lock
  expect(() => requireSame(loaded, without)).toThrow(/model\.chatTemplate.*model\.generationConfig/s)
})

test('files that are none are refused at their lines and columns', async () => {
  const checked = await checkRecipe(await place({ 'generation.json': '[]' }))
  expect(checked).toMatchObject({
    ok: false,
    problems: [
      { path: 'model.chatTemplate', line: 4, column: 17, message: expect.stringMatching(/no such file/) },
      { path: 'model.generationConfig', line: 5, column: 21, message: expect.stringMatching(/no object/) },
    ],
  })
})
