import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cacheLine } from '../../../images/boot/compile-cache-check.ts'
import { compileCacheProgram } from '../../../images/plan/compile-cache-program.ts'
import { compileCacheOf } from '../../../pipelines/boot/compile-cache.ts'

/** The program puts files below /tmp of the root that it runs in. */
let folder: string
let server: ChildProcess

beforeEach(async () => {
  folder = await mkdtemp('/tmp/ingot-compiled-')
  server = spawn('sleep', ['600'], { stdio: 'ignore' })
})

afterEach(async () => {
  server.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

const inside = (path: string) => join(folder, 'caches', path)
const compiled = () => compileCacheOf({ name: 'podman', environment: process.env, path: '' }, server.pid ?? 0)

async function writeCaches(): Promise<void> {
  await mkdir(inside('triton/AB'), { recursive: true })
  await mkdir(inside('inductor/locks'), { recursive: true })
  await writeFile(inside('triton/AB/kernel.cubin'), 'machine code')
  await chmod(inside('triton/AB/kernel.cubin'), 0o600)
  await writeFile(inside('inductor/a b.so'), 'library')
  await chmod(inside('inductor/a b.so'), 0o755)
  await symlink('a b.so', inside('inductor/main.so'))
  await writeFile(inside('inductor/locks/x.lock'), '')
  await writeFile(inside('inductor/.12.34.tmp'), 'half')
}

/** What the tar of the server's caches unpacks to: the folder that the layer has in an image. */
async function layerFolder(): Promise<string> {
  const tar = join(folder, 'layer.tar')
  await compiled().saveCompiled([inside('triton'), inside('inductor'), inside('absent')], tar)
  execFileSync('tar', ['--extract', '--file', tar, '--directory', folder])
  return join(folder, 'usr/local/lib/ingot/compile-cache')
}

/** Runs the program as an image does, with `cat` of a file for the server. */
async function started(layer: string): Promise<string> {
  const program = join(folder, 'program.py')
  await writeFile(program, compileCacheProgram(layer))
  await writeFile(join(folder, 'server.sh'), 'echo "the server has $#: $1"\n')
  const command = ['/bin/sh', join(folder, 'server.sh'), 'one argument']
  return execFileSync('sh', ['-c', 'exec python3 -I "$@" 2>&1', 'sh', program, ...command], {
    encoding: 'utf8',
  })
}

test('what compilers wrote becomes a layer without owners, times, locks and halves, and is put back whole', async () => {
  await writeCaches()
  const caches = join(basename(folder), 'caches')
  expect(await compiled().compiledFiles([inside('triton'), inside('inductor'), inside('absent')])).toEqual([
    `tmp/${caches}/inductor/a b.so`,
    `tmp/${caches}/inductor/main.so`,
    `tmp/${caches}/triton/AB/kernel.cubin`,
  ])
  const layer = await layerFolder()
  const kept = await stat(join(layer, 'tmp', caches, 'triton/AB/kernel.cubin'))
  expect(kept.mode & 0o777).toBe(0o644)
  expect(kept.mtimeMs).toBe(1000)
  expect(await readFile(join(layer, 'processor'), 'utf8')).toMatch(/^(flags|Features)\s*:/)
  await rm(inside(''), { recursive: true })
  const said = await started(layer)
  expect(said).toContain(`${cacheLine} 3 files, `)
  expect(said).toContain('the server has 1: one argument')
  expect(await readFile(inside('triton/AB/kernel.cubin'), 'utf8')).toBe('machine code')
  expect(await readFile(inside('inductor/main.so'), 'utf8')).toBe('library')
  expect((await stat(inside('inductor/a b.so'))).mode & 0o777).toBe(0o755)
  expect((await stat(inside('inductor/a b.so'))).mtimeMs).toBe(1000)
})

test('two tars of the same files are the same bytes', async () => {
  await writeCaches()
  const tar = async (name: string) => {
    await compiled().saveCompiled([inside('triton'), inside('inductor')], join(folder, name))
    return readFile(join(folder, name))
  }
  const first = await tar('first.tar')
  await chmod(inside('triton/AB/kernel.cubin'), 0o640)
  expect((await tar('second.tar')).equals(first)).toBe(true)
})

test('code for a processor that can do more is left out, and the server starts all the same', async () => {
  await writeCaches()
  const layer = await layerFolder()
  const processor = join(layer, 'processor')
  const words = (await readFile(processor, 'utf8')).trimEnd()
  await writeFile(processor, `${words} avx99imaginary constant_imaginary\n`)
  await rm(inside(''), { recursive: true })
  const said = await started(layer)
  expect(said).toContain(`${cacheLine} left out, as this processor lacks avx99imaginary`)
  expect(said).toContain('the server has 1: one argument')
  await expect(stat(inside('triton'))).rejects.toThrow('ENOENT')
})

test('what cannot be put there is taken away again, and the server starts all the same', async () => {
  await writeCaches()
  const layer = await layerFolder()
  await rm(inside(''), { recursive: true })
  await mkdir(dirname(inside('triton')), { recursive: true })
  await writeFile(inside('triton'), 'a file in the place of a folder')
  const said = await started(layer)
  expect(said).toMatch(/ingot: compile cache: left out: .*(exists|directory)/)
  expect(said).toContain('the server has 1: one argument')
  await expect(stat(inside('inductor/a b.so'))).rejects.toThrow('ENOENT')
})

test('an image without the layer says so', async () => {
  expect(await started(join(folder, 'nothing'))).toContain(`${cacheLine} the image has none`)
})
