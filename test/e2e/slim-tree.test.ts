import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@dagger.io/dagger'
import { expect, test } from 'vitest'
import { packerOf } from '../../pipelines/build/packing.ts'
import { rewriteTree } from '../../pipelines/build/slim-tree.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { rewriteFiles as rewriteHere } from '../../pipelines/slim-tree/rewrite.ts'
import { resolveFactory } from '../../pipelines/software/factory.ts'
import { mirrorOf } from '../../pipelines/software/index-mirror.ts'
import { helperLock } from '../../recipes/lock.ts'
import { craftLibrary } from '../images/elf/craft.ts'
import { withSymbols } from '../images/elf/with-symbols.ts'
import { craftContainer, entriesOf } from '../images/gpu-code/craft.ts'
import { scratchFolder } from '../scratch.ts'

const rewriting = { targets: ['sm_90'], symbols: true, bytecode: false }
const platform = 'linux/amd64'
const library = '/usr/lib/libx.so'

test('a tree is rewritten in a container, by Node from its wheel, to the bytes that it gets here', async () => {
  const folder = await scratchFolder()
  const [stock, here, there] = ['stock', 'here', 'there'].map((name) => join(folder, name))
  if (stock === undefined || here === undefined || there === undefined) throw new Error('no folder')
  const containers = [craftContainer(entriesOf('sm_80:400000 sm_90:90000 sm_100f:500000'))]
  await mkdir(join(stock, 'usr/lib'), { recursive: true })
  await writeFile(join(stock, library), withSymbols(craftLibrary({ containers }).bytes))
  await cp(stock, here, { recursive: true })
  const expected = await Array.fromAsync(rewriteHere(here, rewriting))
  await connect(async (client) => {
    const mirror = await mirrorOf(client, readSettings(process.env))
    const factory = await resolveFactory(client, platform, new Date().toISOString())
    const packer = await packerOf(client, platform, helperLock(factory, 'packer'))
    const from = { packer, tree: client.host().directory(stock) }
    const { tree, files } = await rewriteTree(client, from, rewriting, {
      platform,
      mirror,
      factory,
    })
    expect(files).toEqual(expected)
    expect(files).toMatchObject([{ path: library }])
    await tree.export(there)
  })
  const [before, after] = await Promise.all([stock, there].map((place) => readFile(join(place, library))))
  expect(after?.equals(await readFile(join(here, library)))).toBe(true)
  expect(after?.length).toBeLessThan((before?.length ?? 0) - 700_000)
})
