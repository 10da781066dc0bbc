import { execFileSync } from 'node:child_process'
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { markBytecode } from '../../../pipelines/slim-tree/bytecode.ts'
import { scratchFolder } from '../../scratch.ts'

/** Imports `pack.part` and says what it read and whether Python would have to compile it. */
const tryImport = `
import importlib.util, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from importlib._bootstrap_external import SourceLoader
compiled = []
original = SourceLoader.source_to_code
SourceLoader.source_to_code = lambda self, data, path, **rest: (compiled.append(path), original(self, data, path, **rest))[1]
import pack.part
print(pack.part.answer, any('part.py' in path for path in compiled))
`

test('bytecode of a tree whose times have changed is used, after it is marked and not before', async () => {
  const folder = await scratchFolder()
  await mkdir(join(folder, 'pack'))
  await writeFile(join(folder, 'pack/__init__.py'), '')
  await writeFile(join(folder, 'pack/part.py'), 'answer = 42\n')
  execFileSync('python3', ['-m', 'compileall', '-qq', folder])
  await utimes(join(folder, 'pack/part.py'), 1, 1)
  const run = () => execFileSync('python3', ['-c', tryImport, folder], { encoding: 'utf8' }).trim()
  expect(run()).toBe('42 True')
  await markBytecode(folder)
  expect(run()).toBe('42 False')
  expect(await readFile(join(folder, 'pack/part.py'), 'utf8')).toBe('answer = 42\n')
})
