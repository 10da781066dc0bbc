import { optional } from '../../lib/optional.ts'
import type { QuantizedSource } from '../../recipes/quantization.ts'
import { StageError } from '../error.ts'
import type { Client } from '../process/session.ts'
import { anyExit, installDebian, resolveDebian } from '../software/debian.ts'
import { quantizerSource } from '../software/factory.ts'

export type ToolContainer = ReturnType<Client['container']>

export type QuantizerTool = QuantizedSource['tool']

/**
 * One build of the CPU's code makes every matrix: sums of another one differ in their last digits, and with them the file that is
 * quantised. Haswell's is read by every x86-64 server of the last ten years.
 */
const oneBuild: Record<string, string> = { 'linux/amd64': 'haswell', 'linux/arm64': 'armv8.0_1' }

/** Pins the programs as the archive has them now. Throws as `resolveDebian`. */
export async function resolveTool(client: Client, platform: string): Promise<QuantizerTool> {
  const found = await resolveDebian(client, quantizerSource, platform, new Date().toISOString())
  const { type, base, packages: files, present } = found
  return { type, base, packages: files, ...optional('present', present) }
}

/** The container of the programs, with one build of the code for processors. Throws `drifted` where a version left the archive. */
export async function installTool(
  client: Client,
  tool: QuantizerTool,
  platform: string,
): Promise<ToolContainer> {
  const installed = await installDebian(client, tool, platform, { whose: 'of llama-quantize' })
  const build = oneBuild[platform] ?? 'haswell'
  const others = `find / -xdev -name 'libggml-cpu-*.so*' ! -name 'libggml-cpu-${build}.so*'`
  return installed.withExec(['sh', '-ceu', `${others} -delete`])
}

/** Runs one of the programs and gives all that it said. Throws `tool-failed` with its last words. */
export async function runQuantizer(
  container: ToolContainer,
  command: readonly string[],
): Promise<{ after: ToolContainer; said: string }> {
  const after = container.withExec([...command], { expect: anyExit })
  const said = `${await after.stdout()}\n${await after.stderr()}`
  if ((await after.exitCode()) === 0) return { after, said }
  throw new StageError('tool-failed', {
    attempted: `run ${command.join(' ')}`,
    found: said.trim().split('\n').slice(-12).join('\n  '),
    hint: hintOf(said),
  })
}

function hintOf(said: string): string {
  if (/requantizing from type/.test(said))
    return 'name weights of F32, F16 or BF16 as weights.source, or say `requantize: true`, which loses more'
  if (/importance matrix/i.test(said)) return 'name a text as weights.quantize.imatrix'
  return 'weights.source must be a GGUF that the server of llama.cpp loads; a text for a matrix needs 512 tokens or more'
}
