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
  const { gpus, groups } = await renderNodes({ nodes: folder, cards, compute: join(place, 'no-kfd') })
  expect(gpus.map(({ name }) => name)).toEqual([`Intel card at ${folder}/renderD128`])
  expect(groups).toHaveLength(1)
  const none = { nodes: join(place, 'none'), cards, compute: join(place, 'no-kfd') }
  expect(await renderNodes(none)).toEqual({ gpus: [], places: [none.nodes], groups: [] })
})

test('a card that ROCm computes on is told with its processor, and its node goes along', async () => {
  const place = await scratchFolder()
  const [nodes, compute, topology] = [join(place, 'dri'), join(place, 'kfd'), join(place, 'topology')]
  await mkdir(nodes)
  for (const name of ['renderD128', 'renderD129', 'renderD130']) await writeFile(join(nodes, name), '')
  await writeFile(compute, '')
  // As amdkfd writes them: the first node is the processor of the host.
  const properties = [
    'cpu_cores_count 16\nsimd_count 0\ngfx_target_version 0\ndrm_render_minor 0\n',
    'simd_count 192\ngfx_target_version 110000\ndrm_render_minor 129\n',
    'simd_count 440\ngfx_target_version 90010\ndrm_render_minor 130\n',
  ]
  for (const [index, text] of properties.entries()) {
    await mkdir(join(topology, String(index)), { recursive: true })
    await writeFile(join(topology, String(index), 'properties'), text)
  }
  const found = await renderNodes({ nodes, cards: join(place, 'drm'), compute, topology })
  expect(found.gpus.map(({ processor }) => processor)).toEqual([undefined, 'gfx1100', 'gfx90a'])
  expect(found.places).toEqual([nodes, compute])
})
