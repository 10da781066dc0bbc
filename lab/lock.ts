import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LabError } from './errors.ts'

const quietWaitMs = 500

/**
 * Runs `task` while no other process holds `file`. The kernel's flock is held by a child that reads from us:
 * when this process dies in any way, the child reads the end of its input and the lock is free.
 */
export async function withLock<T>(file: string, onWait: () => void, task: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true })
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat > /dev/null'], {
    // A group of its own: Ctrl-C must not free the lock before the task has stopped.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const timer = setTimeout(onWait, quietWaitMs)
  try {
    await Promise.race([once(holder.stdout, 'data'), refusal(holder, file)])
    clearTimeout(timer)
    return await task()
  } finally {
    clearTimeout(timer)
    holder.stdin.end()
  }
}

/** flock ends at once where it may not open the file; it says why on its own. */
async function refusal(holder: ChildProcess, file: string): Promise<never> {
  await once(holder, 'exit')
  throw new LabError('command-failed', `the lock ${file} cannot be taken`, 'see the line of flock above')
}
