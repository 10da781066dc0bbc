import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assembleImage, type StoredLayer } from '../../../images/oci/oci.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { scratchFolder } from '../../scratch.ts'
import { layerOf } from '../scan/layers.ts'
import { ingot } from '../store/commands.ts'
import { storeImage } from '../store/store-image.ts'

const layer = (store: Store, name: string, size: number) => layerOf(store, [{ name, text: 'x'.repeat(size) }])

const imageIn = (store: Store, name: string, layers: StoredLayer[]) =>
  storeImage(store, assembleImage(layers, { User: '1:0' }, 'linux/amd64', {}), name)

test('size tells what a node that has another image pulls and unpacks, by name and by layout', async () => {
  const folder = join(await scratchFolder(), 'store')
  const store = await openStore(folder)
  const weights = await layer(store, 'models/a', 3000)
  const [old, fresh] = [await layer(store, 'usr/bin/old', 200), await layer(store, 'usr/bin/new', 400)]
  const top = await layer(store, 'etc/passwd', 10)
  await imageIn(store, 'before:latest', [weights, old, top])
  await imageIn(store, 'after:latest', [weights, fresh, top])
  await closeStore(store)
  const [named, laidOut] = [
    await ingot(folder, 'size', 'after', '--from', 'before', '--json'),
    await ingot(
      folder,
      'size',
      `oci:${folder}:after:latest`,
      '--from',
      `oci:${folder}:before:latest`,
      '--json',
    ),
  ]
  expect(named, named.err).toMatchObject({ code: 0 })
  const { pull } = JSON.parse(named.out)
  expect(pull).toEqual({
    from: 'before',
    pulled: { layers: 1, sizeBytes: fresh.descriptor.size },
    had: { layers: 2, sizeBytes: weights.descriptor.size + top.descriptor.size },
    // The last layer is there, and is unpacked above another one.
    unpacked: { layers: 2, sizeBytes: 410 },
  })
  expect(JSON.parse(laidOut.out).pull).toEqual({ ...pull, from: `oci:${folder}:before:latest` })
  const told = await ingot(folder, 'size', 'after', '--from', 'before')
  expect(told.out).toMatch(/^on a node that has before\n {2}pulled {4}\d+ B in 1 layer$/m)
  expect((await ingot(folder, 'size', 'after')).out).not.toContain('on a node')
})

test('an image that is not there is told by its own name', async () => {
  const folder = join(await scratchFolder(), 'store')
  const store = await openStore(folder)
  await imageIn(store, 'after:latest', [await layer(store, 'a', 10)])
  await closeStore(store)
  const run = await ingot(folder, 'size', 'after', '--from', 'oci:/nonexistent/layout')
  expect(run.code).not.toBe(0)
  expect(run.err).toContain('/nonexistent/layout')
})
