import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { pythonPath } from '../tools/find.ts'

/** Runs a program with the Hub's own client for Python; it prints one line of JSON. */
export async function runPython(program: string, environment: Record<string, string>): Promise<unknown> {
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    HF_HUB_DISABLE_TELEMETRY: '1',
    ...environment,
  }
  const options = { env, maxBuffer: 1 << 24 }
  const { stdout } = await promisify(execFile)(pythonPath('hub'), ['-c', program], options)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}
