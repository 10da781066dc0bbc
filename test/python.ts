import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What a program of Python printed as JSON. */
export async function pythonJson(python: string, args: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(python, args, { maxBuffer: 1 << 26 })
  return JSON.parse(stdout)
}
