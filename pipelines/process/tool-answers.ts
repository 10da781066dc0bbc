import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ProgramSettings } from '../settings/settings.ts'

const patienceMs = 10_000

/** Whether a container tool that is installed has a service behind it. A client alone runs nothing, so its service is asked. */
export async function toolAnswers(tool: string, { environment }: ProgramSettings): Promise<boolean> {
  const question = tool === 'container' ? ['system', 'status'] : ['info']
  return promisify(execFile)(tool, question, { env: environment, timeout: patienceMs }).then(
    () => true,
    () => false,
  )
}
