import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ElfError } from '../../images/elf/error.ts'
import { parseElf } from '../../images/elf/parse.ts'
import { readerOf } from '../../images/elf/reader.ts'
import type { RewrittenFile } from '../../images/tree/rewritten.ts'
import { rewriteFiles } from '../../pipelines/slim-tree/rewrite.ts'
import { toolFolder } from '../tools/find.ts'

const folder = mkdtempSync(join(tmpdir(), 'ingot-symbols-slow-'))
const rewritten: RewrittenFile[] = []
let before = ''

/** Loads every library of the tree, then works with some. */
const useAll = `
import ctypes, glob, json, sys
sys.path.insert(0, sys.argv[1])
import numpy, PIL.Image, llvmlite.binding as llvm, tokenizers
loaded = []
for path in sorted(glob.glob(sys.argv[1] + '/**/*.so*', recursive=True)):
    try:
        ctypes.CDLL(path)
        loaded.append(path)
    except OSError as error:
        loaded.append(str(error))
matrix = numpy.linalg.inv(numpy.array([[2.0, 1.0], [1.0, 3.0]]))
picture = PIL.Image.new('RGB', (64, 48), (10, 200, 30)).resize((32, 24)).tobytes('jpeg', 'RGB')
target = llvm.Target.from_triple(llvm.get_process_triple()) if llvm.initialize_native_target() is None else None
print(json.dumps([loaded, matrix.tolist(), len(picture), target.name, tokenizers.__version__]))
`

beforeAll(async () => {
  cpSync(toolFolder('wheels-with-symbols'), join(folder, 'tree'), { recursive: true })
  before = use()
  const rewriting = { targets: [], symbols: true, bytecode: false }
  for await (const file of rewriteFiles(join(folder, 'tree'), rewriting)) rewritten.push(file)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function use(): string {
  const script = join(folder, 'use.py')
  writeFileSync(script, useAll)
  return execFileSync('python3', [script, join(folder, 'tree')], { encoding: 'utf8' })
}

test('libraries in *.libs lose their symbols too', () => {
  const paths = rewritten.filter(({ symbolBytes }) => symbolBytes > 0).map(({ path }) => path)
  expect(paths.filter((path) => path.includes('.libs/')).length).toBeGreaterThanOrEqual(2)
  expect(paths.find((path) => path.includes('libllvmlite'))).toBeDefined()
})

test('every library loads as before, and what they compute is the same', () => {
  expect(JSON.parse(before)[0].length).toBeGreaterThan(20)
  expect(use()).toBe(before)
})

test('readelf finds nothing to complain about, and no symbol table of debuggers', async () => {
  for (const { path } of rewritten) {
    const file = join(folder, 'tree', path)
    const said = execFileSync('readelf', ['--all', '--wide', file], { encoding: 'utf8', maxBuffer: 1 << 30 })
    expect(said.includes("Symbol table '.symtab'"), path).toBe(false)
    const { sections } = await parseElf(readerOf(readFileSync(file))).catch((error: unknown) => {
      throw error instanceof ElfError ? new Error(`${path}: ${error.failure.found}`) : error
    })
    expect(sections.filter(({ name }) => /^\\.z?debug_/.test(name))).toEqual([])
  }
})
