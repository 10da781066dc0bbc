import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demoRecipe, ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'
import { problemsOf } from './store-problems.ts'

const recipe = readFileSync(demoRecipe, 'utf8')

describe('a server that does not boot', () => {
  let own: Workplace
  let good: string
  let bad: string

  beforeAll(async () => {
    own = await newWorkplace()
    const file = await writeRecipe(own, 'demo', recipe)
    const built = await ingot(['build', file, '--no-verify'], own)
    expect(built.code, built.stderr).toBe(0)
    good = built.stdout.trim().split('\n').at(-1) ?? ''
    await writeFile(
      file,
      recipe.replace(
        '  parallelism: 2',
        '  parallelism: 2\n  extraArguments: [--grammar-file, /no/such-grammar]',
      ),
    )
    const failed = await ingot(['build', file], own)
    expect(failed.code, failed.stderr).toBe(1)
    bad = failed.stdout.trim().split('\n').at(-1) ?? ''
    expect(bad).not.toBe(good)
    expect(failed.stderr).toContain(`ingot: ${bad} failed and got no name`)
  })

  afterAll(() => rm(own.folder, { recursive: true, force: true }))

  test('leaves the name on the image before it', async () => {
    const { stdout } = await ingot(['list'], own)
    expect(stdout).toContain(`smollm2-135m-llama-cpp:latest  ${good}  not booted`)
    expect(stdout).toContain(`${bad}  failed, without a name`)
  })

  test('is looked at and booted again by its digest', async () => {
    expect((await ingot(['size', bad], own)).code).toBe(0)
    const verified = await ingot(['verify', bad], own)
    expect(verified.code).toBe(1)
    expect(verified.stdout).toContain('/no/such-grammar')
  })

  test('cannot be published, and goes when it is pruned by its digest', async () => {
    const published = await ingot(['publish', bad, '--to', 'localhost:1/x'], own)
    expect(published).toMatchObject({ code: 1, stderr: expect.stringContaining('is "failed"') })
    expect((await ingot(['prune', bad], own)).stdout).toContain('judged "failed", with its report')
    expect((await ingot(['size', bad], own)).code).not.toBe(0)
    expect(await problemsOf(own.store)).toBe(0)
  })
})
