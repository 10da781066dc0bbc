import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StopObservation } from '../../images/boot/stop-check.ts'
import { runProgram } from '../process/program.ts'
import type { LoadingStop } from './runner.ts'
import { type Tool, toolOutput } from './tool.ts'

/** Exit code of a container, null while it runs. */
export async function containerExitCode(tool: Tool, id: string): Promise<number | null> {
  const state = await toolOutput(tool, ['inspect', '--format', '{{.State.Running}} {{.State.ExitCode}}', id])
  const [running, code] = state.split(' ')
  return running === 'true' ? null : Number(code)
}

/** Sends the signal and waits for the end; kills what is still there afterwards. */
export async function stopContainer(
  tool: Tool,
  id: string,
  signal: string,
  timeoutSeconds: number,
): Promise<StopObservation> {
  const beganMs = performance.now()
  const waitedMs = () => Math.round(performance.now() - beganMs)
  await runProgram(tool.name, ['kill', '--signal', signal, id], tool)
  // `podman wait` 4.3.1 was seen to return 20 s after the end, so the state is asked instead.
  while (waitedMs() < timeoutSeconds * 1000) {
    const exitCode = await containerExitCode(tool, id)
    if (exitCode !== null) return { exitCode, waitedMs: waitedMs() }
    await sleep(50)
  }
  await runProgram(tool.name, ['kill', '--signal', 'KILL', id], tool)
  return { exitCode: null, waitedMs: waitedMs() }
}

/** As `stopContainer`, once its log has the line; null when it never comes. */
export async function stopOnceSaid(
  tool: Tool,
  id: string,
  { signal, timeoutSeconds, line, startSeconds }: LoadingStop,
): Promise<StopObservation | null> {
  const isSaid = await untilSaid(tool, id, line, startSeconds)
  return isSaid ? stopContainer(tool, id, signal, timeoutSeconds) : null
}

/** Follows the log of a container until it has the line, ends, or time is up; says whether the line came. */
async function untilSaid(tool: Tool, id: string, line: string, limitSeconds: number): Promise<boolean> {
  const child = spawn(tool.name, ['logs', '--follow', id], {
    env: tool.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const seen = new Promise<boolean>((found) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        said += text
        if (said.includes(line)) found(true)
      })
  })
  const stop = new AbortController()
  const over = Promise.race([
    once(child, 'close').catch(() => undefined),
    sleep(limitSeconds * 1000, undefined, { signal: stop.signal }).catch(() => undefined),
  ]).then(() => said.includes(line))
  try {
    return await Promise.race([seen, over])
  } finally {
    stop.abort()
    child.kill()
  }
}
