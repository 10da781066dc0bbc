import { expect, test } from 'vitest'
import { main } from '../../../pipelines/cli.ts'
import { progressOn } from '../../../pipelines/process/progress.ts'
import { displayOf } from '../../../pipelines/settings/display.ts'
import { statBlob } from '../../../pipelines/store/blobs.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { writeRecord } from '../../../pipelines/store/record.ts'
import { setReference } from '../../../pipelines/store/reference.ts'
import { scratchFolder } from '../../scratch.ts'
import { scratchImage } from './image.ts'

async function ingot(store: string, ...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await main(args, {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    environment: { INGOT_STORE: store },
    progress: progressOn(process.stderr, displayOf({ CI: 'true' })),
    signal: new AbortController().signal,
  })
  return { code, out: out.join(''), err: err.join('') }
}

test('prune says what would go, frees it, and names what it does not know', async () => {
  const folder = await scratchFolder()
  const store = await openStore(folder)
  const { descriptor, layer } = await scratchImage(store)
  for (const name of ['demo:latest', 'demo-weights:latest']) await setReference(store, name, descriptor)
  const loose = await scratchImage(store)
  await writeRecord(store, 'runtime', 'a', { digest: loose.descriptor.digest })
  await closeStore(store)

  expect(await ingot(folder, 'prune')).toMatchObject({ code: 0, out: 'freed 0 B in 0 blobs\n' })
  expect((await ingot(folder, 'prune', '--unused-for', '0', '--dry-run')).out).toMatch(
    /^would free \d.* in 3 blobs\n$/,
  )
  expect(await statBlob(store, loose.layer.digest)).toBe(1000)
  expect((await ingot(folder, 'prune', '--unused-for', '0')).out).toMatch(/^freed \d.* in 3 blobs\n$/)
  expect(await statBlob(store, loose.layer.digest)).toBeUndefined()

  const unknown = await ingot(folder, 'prune', 'other')
  expect(unknown.code).toBe(1)
  expect(unknown.err).toContain('demo:latest')
  const all = JSON.parse((await ingot(folder, 'prune', 'demo', '--json')).out)
  expect(all.images).toEqual(['demo:latest', 'demo-weights:latest'])
  expect(await statBlob(store, layer.digest)).toBeUndefined()
})

test.each([[['--unused-for', 'soon']], [['--everything']]])('prune %j is a fault of usage', async (args) => {
  expect((await ingot(await scratchFolder(), 'prune', ...args)).code).toBe(2)
})
