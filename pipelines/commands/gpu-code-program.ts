import { describeError, exitCodeOf, isUnexpected } from '../command-line/exit.ts'
import { runGpuCode } from './gpu-code.ts'

/**
 * `ingot gpu-code` for containers that have Node and no npm packages: neither this file nor what it imports needs any, so
 * mounting lib/, images/ and pipelines/ is enough.
 */
const context = {
  stdout: (text: string) => void process.stdout.write(text),
  stderr: (text: string) => void process.stderr.write(text),
  progress: { step: () => {}, bytes: () => {}, end: () => {}, lanes: () => [] },
  signal: new AbortController().signal,
}

try {
  process.exitCode = await runGpuCode(process.argv.slice(2), context)
} catch (error) {
  if (isUnexpected(error)) throw error
  context.stderr(describeError(error))
  process.exitCode = exitCodeOf(error)
}
