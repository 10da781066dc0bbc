import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fillFolder } from '../../../pipelines/bundle/files.ts'
import { scratchFolder } from '../../scratch.ts'

test('two that write to one place at once: the first is whole, the second is told, and nothing is left beside it', async () => {
  const place = await scratchFolder()
  const folder = join(place, 'bundle')
  const fill = (name: string) => async (part: string) => {
    for (const number of [1, 2, 3]) {
      await writeFile(join(part, `${name}-${number}`), name, { flag: 'wx' })
      await new Promise((done) => setTimeout(done, 20))
    }
  }
  const outcomes = await Promise.allSettled(['a', 'b'].map((name) => fillFolder(folder, fill(name))))
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const [failed] = outcomes.filter((one) => one.status === 'rejected')
  expect(failed?.reason).toMatchObject({ code: 'target-exists' })
  const [name] = (await readdir(folder))[0] ?? ''
  expect((await readdir(folder)).sort()).toEqual([1, 2, 3].map((number) => `${name}-${number}`))
  expect(await readdir(place)).toEqual(['bundle'])
})

test('what an earlier run left of a part is not in the next bundle, nor its lock in the way', async () => {
  const place = await scratchFolder()
  const folder = join(place, 'more', 'bundle')
  await mkdir(`${folder}.part`, { recursive: true })
  await writeFile(join(`${folder}.part`, 'old'), '')
  await writeFile(`${folder}.part.lock`, '4711\n')
  await fillFolder(folder, (part) => writeFile(join(part, 'new'), ''))
  expect(await readdir(folder)).toEqual(['new'])
  expect(await readdir(join(place, 'more'))).toEqual(['bundle'])
})
