import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { Workplace } from './ingot.ts'

const program = resolve(import.meta.dirname, '../../bin/ingot')

/** Runs the server in a process group of its own, as a shell does, until `ready` gives the signal that ends it. */
export async function runUntil(
  place: Workplace,
  args: readonly string[],
  ready: (said: string, child: { pid: number }) => Promise<void>,
): Promise<{ code: number | null; out: string; err: string }> {
  const options = { cwd: place.folder, env: place.environment, detached: true } as const
  const child = spawn(program, ['run', ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  const shown = new Promise<void>((found) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (out.includes('END\n')) found()
    })
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const closed = once(child, 'close')
  await Promise.race([shown, closed])
  if (child.exitCode === null && child.pid !== undefined) await ready(out, { pid: child.pid })
  const [code] = await closed
  return { code, out, err }
}
