import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { kitFiles } from './pack.ts'

const root = resolve(import.meta.dirname, '../..')

test('the kit has every source that one of its sources imports, and none that needs an npm package', () => {
  const files = kitFiles()
  expect(files).toContain('images/gpu-code/keep.ts')
  const imported = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      return [...text.matchAll(/^import(?! type)[^']*?'([^']+)'/gm)].map(([, name = '']) => ({
        file,
        name,
      }))
    })
  const missing = imported.filter(
    ({ file, name }) => name.startsWith('.') && !files.includes(join(dirname(file), name)),
  )
  expect(missing).toEqual([])
  expect(imported.filter(({ name }) => !name.startsWith('.') && !name.startsWith('node:'))).toEqual([])
})

test('the kit has the scripts that its sources start, and the checks that those import', () => {
  const files = kitFiles()
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
  const own = files.filter((file) => file.endsWith('.py'))
  const names = own.map((file) => file.replace(/^.*\/(\w+)\.py$/, '$1'))
  const imports = own.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/^\s*(?:import|from) (\w+)/gm)].map(
      ([, name]) => name,
    ),
  )
  const local = ['checks', 'dense', 'layers', 'compiled', 'kernels']
  expect(names).toEqual(expect.arrayContaining(local))
  expect(imports).toEqual(expect.arrayContaining(local))
})
