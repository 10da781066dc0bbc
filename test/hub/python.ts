import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const version = '2.4.0'

/** A Python with the Hub's own client, made on first use and kept. */
export async function ensureHubPython(): Promise<string> {
  const { INGOT_TOOLS_DIR, XDG_CACHE_HOME } = process.env
  const cache = INGOT_TOOLS_DIR || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'ingot-tools')
  const folder = join(cache, `huggingface-hub-${version}`)
  const python = join(folder, 'bin/python')
  if (existsSync(python)) return python
  await mkdir(cache, { recursive: true })
  const fresh = `${folder}.${process.pid}`
  await promisify(execFile)('python3', ['-m', 'venv', fresh])
  await promisify(execFile)(join(fresh, 'bin/python'), [
    '-m',
    'pip',
    'install',
    '-q',
    `huggingface_hub==${version}`,
  ])
  // A second process may have been faster; the interpreter of either is the same.
  await rename(fresh, folder).catch(() => rm(fresh, { recursive: true }))
  return python
}

/** Runs a Python program that prints one line of JSON. */
export async function runPython(program: string, environment: Record<string, string>): Promise<unknown> {
  const python = await ensureHubPython()
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    HF_HUB_DISABLE_TELEMETRY: '1',
    ...environment,
  }
  const { stdout } = await promisify(execFile)(python, ['-c', program], { env, maxBuffer: 1 << 24 })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}
