import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { digestOf } from '../lib/digest.ts'

const run = promisify(execFile)

/**
 * A Python with these packages (`name==version`), made on first use and kept for later runs; the folder is named after
 * the packages. Paths inside an environment are absolute, so it is built where it stays and marked when it is whole.
 */
export async function ensurePython(packages: readonly string[]): Promise<string> {
  const { INGOT_TOOLS_DIR, XDG_CACHE_HOME } = process.env
  const cache = INGOT_TOOLS_DIR || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'ingot-tools')
  const name = `python-${digestOf(packages.toSorted().join(' ')).slice(7, 19)}`
  const python = join(cache, name, 'bin/python')
  if (existsSync(join(cache, name, 'complete'))) return python
  await mkdir(cache, { recursive: true })
  await rm(join(cache, name), { recursive: true, force: true })
  await run('python3', ['-m', 'venv', join(cache, name)])
  await run(python, ['-m', 'pip', 'install', '--quiet', ...packages], { maxBuffer: 1 << 26 })
  const mark = await mkdtemp(join(cache, 'complete-'))
  await rename(mark, join(cache, name, 'complete'))
  return python
}

/** What a program of Python printed as JSON. */
export async function pythonJson(python: string, args: readonly string[]): Promise<unknown> {
  const { stdout } = await run(python, args, { maxBuffer: 1 << 26 })
  return JSON.parse(stdout)
}
