import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { promptsBeside } from '../../../pipelines/load/prompts-file.ts'

async function folderWith(text: string | undefined): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-prompts-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  if (text !== undefined) await writeFile(join(folder, 'prompts.jsonl'), text)
  return folder
}

test('prompts lie beside the recipe, and are known by their content', async () => {
  const read = await promptsBeside('./prompts.jsonl', { folder: await folderWith('one\ntwo\n') })
  expect(read.prompts.map(({ prompt }) => prompt)).toEqual(['one', 'two'])
  const sha256 = createHash('sha256').update('one\ntwo\n').digest('hex')
  expect(read.told).toEqual({ file: './prompts.jsonl', sha256, count: 2 })
})

test.each([
  ['nothing', undefined, 'no such file'],
  ['a line that is no prompt', '{"prompt":"a"}\n{}', 'line 2: '],
  ['an empty file', '', 'line 1: no prompt'],
])('%s is told with the file and the line', async (_, text, found) => {
  const folder = await folderWith(text)
  await expect(promptsBeside('prompts.jsonl', { folder })).rejects.toMatchObject({
    code: 'no-file',
    failure: {
      attempted: `read the prompts of ${join(folder, 'prompts.jsonl')}`,
      found: expect.stringContaining(found),
    },
  })
})
