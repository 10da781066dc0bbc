import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

export interface StoreProcess {
  child: ChildProcess
  /** Waits for this line of its output. */
  line(text: string): Promise<void>
  /** Waits for its end and gives every line it wrote. */
  end(): Promise<string[]>
  kill(): Promise<void>
}

/** Starts child.ts; what is still running when the test ends is killed. */
export function startProcess(act: string, root: string, more = ''): StoreProcess {
  const script = join(import.meta.dirname, 'child.ts')
  const child = spawn(process.execPath, [script, act, root, more], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const lines: string[] = []
  const reader = createInterface(child.stdout)
  reader.on('line', (line) => lines.push(line))
  async function kill(): Promise<void> {
    child.kill('SIGKILL')
    await ended
  }
  onTestFinished(kill)
  return {
    child,
    kill,
    async line(text) {
      while (!lines.includes(text)) await once(reader, 'line')
    },
    async end() {
      const [code] = await ended
      if (code !== 0) throw new Error(`${act} ended with ${code}: ${lines.join(' ')}`)
      return lines
    },
  }
}
