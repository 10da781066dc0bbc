import { IngotError } from '../../lib/error.ts'
import { gpuCodeCommand } from './gpu-code.ts'

/**
 * `ingot gpu-code` for containers that have Node and no npm packages: neither this file nor what it imports needs any, so
 * mounting lib/, images/ and pipelines/ is enough.
 */
const context = {
  stdout: (text: string) => void process.stdout.write(text),
  stderr: (text: string) => void process.stderr.write(text),
  environment: process.env,
  progress: { step: () => {}, bytes: () => {}, end: () => {}, lanes: () => [] },
  signal: new AbortController().signal,
}

try {
  process.exitCode = await gpuCodeCommand.run(process.argv.slice(2), context)
} catch (error) {
  if (!(error instanceof IngotError)) throw error
  context.stderr(
    `ingot: could not ${error.failure.attempted}\n  found: ${error.failure.found}\n  to do: ${error.hint}\n`,
  )
  process.exitCode = error.code === 'usage' || error.code === 'bad-architecture' ? 2 : 1
}
