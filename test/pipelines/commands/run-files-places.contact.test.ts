import { readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { scratchFolder } from '../../scratch.ts'
import { ingot } from '../store/commands.ts'
import { judgedImage } from '../store/judged.ts'

test.each(['file', 'file/a', 'dangling', 'dangling/a', 'circle', `${'n'.repeat(300)}/a`, '/proc/nosuch/a'])(
  'run files for %s, where no folder can be, end at once and in words',
  async (place) => {
    const folder = await scratchFolder()
    const root = join(folder, 'store')
    const store = await openStore(root)
    const { report } = await judgedImage(store)
    await closeStore(store)
    await writeFile(join(folder, 'file'), 'x')
    await symlink('/nonexistent/place', join(folder, 'dangling'))
    await symlink('circle', join(folder, 'circle'))
    const before = await readdir(folder)
    const to = place.startsWith('/') ? place : join(folder, place)
    const run = await ingot(root, 'run-files', report.name, '--for', 'kubernetes', '--to', to)
    expect(run.err).toMatch(/^ingot: could not .+\n {2}found: .+\n {2}to do: .+\n$/)
    expect(run).toMatchObject({ code: 2, out: '' })
    expect(await readdir(folder)).toEqual(before)
  },
)

test.each([
  'x; touch y',
  '$(id)',
  '`id`',
  'a\nimage: b',
  'ghcr.io/a"b',
  "ghcr.io/a'b",
  'ghcr.io/a b',
  '../a/b',
])('no run file is written with an image that has no name: %j', async (image) => {
  const root = join(await scratchFolder(), 'store')
  const run = await ingot(root, 'run-files', 'any', '--for', 'docker', '--image', image)
  expect(run).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(/^ingot: could not read .* as a place to publish to\n/s),
  })
})
