import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stubLibrary } from '../../../images/elf/stub-library.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-stub-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const machine = process.arch === 'arm64' ? 'arm64' : 'x86'

/** Whether the loader of this machine opens a library and finds in it what Node calls of an addon; it gives nothing. */
async function opened(functions: readonly string[]): Promise<string> {
  const path = join(folder, `${functions.length}.so`)
  await writeFile(path, stubLibrary({ soname: 'libcuda.so.1', functions, returns: 0 }, machine))
  try {
    process.dlopen({ exports: {} }, path)
    return 'opened and called'
  } catch (error) {
    return String(error)
  }
}

const called = 'napi_register_module_v1'
const others = Array.from({ length: 300 }, (_, index) => `cuFunction${index}`)

test.each([
  ['alone', [called]],
  ['behind 300 others', [...others, called]],
])('a function is found and called, %s', async (_, functions) => {
  expect(await opened(functions)).toBe('opened and called')
})

test('what it does not have is not found', async () => {
  expect(await opened(others)).toContain('Module did not self-register')
})
