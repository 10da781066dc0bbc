import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CacheReading, parseComputeCache } from '../../../images/gate/ptx.ts'

/** In memory, as /tmp is in a container that ingot boots. */
const memory = '/dev/shm'
const script = join(import.meta.dirname, '../../../pipelines/boot/compute-cache.sh')
let folder: string
let cache: string
let server: ChildProcess | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(memory, 'ingot-cache-'))
  cache = join(folder, 'nv')
})

afterEach(async () => {
  server?.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

/** The tree that drivers were seen to write: an index, and a file for each module two folders down. */
async function writeModules(sizes: Record<string, number>): Promise<void> {
  await mkdir(cache, { recursive: true })
  await writeFile(join(cache, 'index'), 'index')
  for (const [name, size] of Object.entries(sizes)) {
    await mkdir(join(cache, name, '..'), { recursive: true, mode: 0o700 })
    await writeFile(join(cache, name), Buffer.alloc(size))
  }
}

function readingOf(environment: Record<string, string>): CacheReading {
  server = spawn('sleep', ['600'], { env: { PATH: process.env['PATH'], ...environment }, stdio: 'ignore' })
  return parseComputeCache(execFileSync('sh', [script, String(server.pid)], { encoding: 'utf8' }))
}

test('modules of a real tree are read with their names and sizes, and the index is none of them', async () => {
  await writeModules({ '0/7/e0943aa8a566c2': 3000, 'f/a/11': 5 })
  expect(readingOf({ CUDA_CACHE_PATH: cache, CUDA_CACHE_MAXSIZE: '4294967296' })).toMatchObject({
    type: 'read',
    modules: expect.toSatisfy((modules: { name: string }[]) => {
      expect(modules.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
        { name: '0/7/e0943aa8a566c2', sizeBytes: 3000 },
        { name: 'f/a/11', sizeBytes: 5 },
      ])
      return true
    }),
    limitBytes: 4294967296,
  })
})

test('a folder that the driver never made has no modules', () => {
  expect(readingOf({ CUDA_CACHE_PATH: join(cache, 'deep') })).toMatchObject({ type: 'read', modules: [] })
})

test('without a path it is the documented one in the home folder', async () => {
  cache = join(folder, '.nv/ComputeCache')
  await writeModules({ '1/2/3': 1 })
  expect(readingOf({ HOME: folder })).toMatchObject({ modules: [{ name: '1/2/3', sizeBytes: 1 }] })
})

test('the compiler of the driver is seen in the memory of a process', async () => {
  const compiler = join(folder, 'libnvidia-ptxjitcompiler.so.1')
  const [library = ''] = /\/\S*libc\.so\.6/.exec(await readFile('/proc/self/maps', 'utf8')) ?? []
  await copyFile(library.replace('libc.so.6', 'libm.so.6'), compiler)
  server = spawn('sleep', ['600'], { env: { LD_PRELOAD: compiler, PATH: process.env['PATH'] } })
  const pid = String(server.pid)
  await expect.poll(() => readFile(`/proc/${pid}/maps`, 'utf8')).toContain('ptxjitcompiler')
  expect(execFileSync('sh', [script, pid], { encoding: 'utf8' })).toMatch(/^compiler\t[1-9]/m)
})

test.each([
  ['it is switched off', { CUDA_CACHE_DISABLE: '1' }, 'CUDA_CACHE_DISABLE'],
  [
    'it lies on a disk that others may have written to',
    { CUDA_CACHE_PATH: join(import.meta.dirname, 'nv') },
    'memory',
  ],
  ['the server may not write there', { CUDA_CACHE_PATH: '/proc/nv' }, 'memory'],
  ['its path leads nowhere', { CUDA_CACHE_PATH: 'nv' }, 'look into'],
])('the cache is not known when %s', (_, environment, why) => {
  const reading = readingOf({ CUDA_CACHE_PATH: cache, ...environment })
  expect(reading.type === 'unknown' && reading.why).toContain(why)
})

test('nor that of a process that is gone', () => {
  const text = execFileSync('sh', [script, '4194305'], { encoding: 'utf8' })
  expect(parseComputeCache(text).type).toBe('unknown')
})
