import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

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
    await once(holder.stdout, 'data')
    clearTimeout(timer)
    return await task()
  } finally {
    clearTimeout(timer)
    holder.stdin.end()
  }
}
