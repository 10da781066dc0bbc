import { rmSync } from 'node:fs'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demoRecipe, ingot, newWorkplace, type Workplace } from './ingot.ts'

describe('a store that somebody damaged', () => {
  let own: Workplace
  let image: string

  beforeAll(async () => {
    own = await newWorkplace()
    const run = await ingot(['build', demoRecipe], own)
    expect(run.code, run.stderr).toBe(0)
    image = run.stdout.trim().split('\n').at(-1) ?? ''
  })

  afterAll(() => rm(own.folder, { recursive: true, force: true }))

  /** Changes one byte of the largest blob, which is the layer of weights. The engine has it by its digest. */
  async function damageWeights(): Promise<string> {
    const folder = join(own.store, 'blobs/sha256')
    const names = await readdir(folder)
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
    const name = names[sizes.indexOf(Math.max(...sizes))] ?? ''
    await writeFile(join(folder, name), 'x', { flag: 'r+' })
    return `sha256:${name}`
  }

  test('is not verified again, and is built again and not from memory', async () => {
    const layer = await damageWeights()
    for (const command of [
      ['verify', demoRecipe],
      ['size', image],
      ['scan', demoRecipe],
      ['doctor', '--store'],
    ]) {
      const run = await ingot(command, own)
      expect(run.code, command.join(' ')).toBe(1)
      expect(run.stdout + run.stderr).toContain(`${layer} is damaged`)
    }
    const again = await ingot(['build', demoRecipe], own)
    expect(again.code, again.stderr).toBe(0)
    expect(again.stderr).toContain('is not whole and is built again')
    expect(again.stderr).toContain('boot ')
    expect(again.stdout).toContain(image)
    expect((await ingot(['doctor', '--store'], own)).stdout).toMatch(/^ok /)
  })

  test('has its names again after the next build, which boots nothing', async () => {
    await rm(join(own.store, 'index.json'))
    // A judged image without a name is listed as such.
    expect((await ingot(['list'], own)).stdout).not.toContain(`smollm2-135m-llama-cpp:latest  ${image}`)
    const again = await ingot(['build', demoRecipe], own)
    expect(again.stdout).toContain('verified: ')
    expect(again.stderr).not.toContain('boot ')
    expect((await ingot(['list'], own)).stdout).toContain(`smollm2-135m-llama-cpp:latest  ${image}  verified`)
  })
})

test('a store that is deleted while it is built ends the build clearly', async () => {
  const other = await newWorkplace()
  let isGone = false
  const run = await ingot(['build', demoRecipe], other, (line) => {
    if (isGone || !/^ingot: (install|list|pack) /.test(line)) return
    isGone = true
    rmSync(other.store, { recursive: true, force: true, maxRetries: 10 })
  })
  expect(isGone, run.stderr).toBe(true)
  expect(run.code).toBe(1)
  expect(run.stderr).toContain('it was deleted, emptied or moved while this command ran')
  expect(run.stderr).not.toContain('unexpected failure')
  await rm(other.folder, { recursive: true, force: true })
})
