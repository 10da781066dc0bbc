import { setTimeout as sleep } from 'node:timers/promises'
import { runProgram } from '../program.ts'
import type { StopOutcome } from './runner.ts'
import { type Tool, tell } from './tool.ts'

/** Exit code of a container, null while it runs. */
export async function exitCodeOf(tool: Tool, id: string): Promise<number | null> {
  const state = await tell(tool, ['inspect', '--format', '{{.State.Running}} {{.State.ExitCode}}', id])
  const [running, code] = state.split(' ')
  return running === 'true' ? null : Number(code)
}

/** Sends the signal and waits for the end; kills what is still there afterwards. */
export async function stopContainer(
  tool: Tool,
  id: string,
  signal: string,
  timeoutSeconds: number,
): Promise<StopOutcome> {
  const beganMs = performance.now()
  const waitedMs = () => Math.round(performance.now() - beganMs)
  await runProgram(tool.name, ['kill', '--signal', signal, id], tool)
  // `podman wait` 4.3.1 was seen to return 20 s after the end, so the state is asked instead.
  while (waitedMs() < timeoutSeconds * 1000) {
    const exitCode = await exitCodeOf(tool, id)
    if (exitCode !== null) return { exitCode, waitedMs: waitedMs() }
    await sleep(50)
  }
  await runProgram(tool.name, ['kill', '--signal', 'KILL', id], tool)
  return { exitCode: null, waitedMs: waitedMs() }
}
