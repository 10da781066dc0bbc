import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderNodes } from '../../../pipelines/boot/render-nodes.ts'
import { scratchFolder } from '../../scratch.ts'

test('a card that went since the folder was listed is none', async () => {
  const place = await scratchFolder()
  const [folder, cards] = [join(place, 'dri'), join(place, 'drm')]
  await mkdir(folder)
  await mkdir(join(cards, 'renderD128', 'device'), { recursive: true })
  await writeFile(join(cards, 'renderD128', 'device', 'vendor'), '0x8086\n')
  await writeFile(join(folder, 'renderD128'), '')
  // As a node that is listed and gone by the time it is looked at.
  await symlink('nowhere', join(folder, 'renderD129'))
  const { gpus, groups } = await renderNodes(folder, cards)
  expect(gpus.map(({ name }) => name)).toEqual([`Intel card at ${folder}/renderD128`])
  expect(groups).toHaveLength(1)
  expect(await renderNodes(join(place, 'none'), cards)).toEqual({ gpus: [], groups: [] })
})
