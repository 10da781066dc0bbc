import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { scratchFolder } from '../../scratch.ts'
import { toolPath } from '../../tools/find.ts'

test('the starter workflow of recipes without limits says how a gate comes', async () => {
  const root = resolve(import.meta.dirname, '../../..')
  const place = await scratchFolder()
  const text = await readFile(join(root, 'recipes/smollm2-135m-llama-cpp.yaml'), 'utf8')
  await writeFile(join(place, 'mine.yaml'), text.replace(/^verify:[\s\S]*?(?=^image:)/m, ''))
  const run = await promisify(execFile)(join(root, 'bin/ingot'), ['init', '--ci'], { cwd: place })
  expect(run.stdout).toContain('no gate: mine.yaml has no limits in verify.load or verify.quality')
  const file = join(place, '.github/workflows/ingot.yml')
  expect(await readFile(file, 'utf8')).toContain('\n          # bench: "true"\n')
  expect((await promisify(execFile)(toolPath('actionlint'), [file])).stdout).toBe('')
  expect(run.stdout).not.toContain('weights of mine.yaml')
})

test('of a recipe whose weights lie on this machine it is said that a runner has none of them', async () => {
  const root = resolve(import.meta.dirname, '../../..')
  const place = await scratchFolder()
  const text =
    'name: own\nmodel: { name: own }\nengine: { id: llama-cpp }\nweights: { source: { type: folder, path: models } }\n'
  await writeFile(join(place, 'own.yaml'), text)
  const run = await promisify(execFile)(join(root, 'bin/ingot'), ['init', '--ci'], { cwd: place })
  expect(run.stdout).toContain(
    'weights of own.yaml: they lie in the folder models, and a runner has only what is committed',
  )
})

test('the starter workflow names the recipes for processors, is sound, and is written once', async () => {
  const root = resolve(import.meta.dirname, '../../..')
  const place = await scratchFolder()
  await mkdir(join(place, 'recipes'))
  for (const name of ['smollm2-135m-llama-cpp.yaml', 'smollm2-135m-sglang.yaml'])
    await copyFile(join(root, 'recipes', name), join(place, 'recipes', name))
  const ingot = (...args: string[]) => promisify(execFile)(join(root, 'bin/ingot'), args, { cwd: place })
  const { stdout } = await ingot('init', '--ci')
  expect(stdout).toContain('wrote .github/workflows/ingot.yml for recipes/smollm2-135m-llama-cpp.yaml:')
  const file = join(place, '.github/workflows/ingot.yml')
  const text = await readFile(file, 'utf8')
  expect(text).not.toContain('sglang')
  expect(text).toContain('\n          bench: "true"\n')
  expect(stdout).not.toContain('no gate')
  expect((await promisify(execFile)(toolPath('actionlint'), [file])).stdout).toBe('')
  await expect(ingot('init', '--ci')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /init changes none\n {2}to do: move that one away, .*add recipes\/smollm2-135m-llama-cpp\.yaml to its matrix/,
    ),
  })
})
