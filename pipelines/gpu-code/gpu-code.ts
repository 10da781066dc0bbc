import { isElf, parseElf } from '../../images/elf/parse.ts'
import { totalLength } from '../../images/elf/spans.ts'
import type { Architecture } from '../../images/gpu-code/architecture.ts'
import { verifyRewrite } from '../../images/gpu-code/check.ts'
import { findContainers } from '../../images/gpu-code/find.ts'
import type { GpuTargets } from '../../images/gpu-code/keep.ts'
import {
  type CodeSummary,
  summarise,
  summariseFor,
  type TargetSummary,
} from '../../images/gpu-code/report.ts'
import { planRewrite, type RewriteOptions } from '../../images/gpu-code/rewrite.ts'
import { withFile } from './file.ts'
import { writeSpans } from './write.ts'

/** What one library holds; `target` is there when one was asked for. */
export interface GpuCodeListing {
  file: string
  sizeBytes: number
  code: CodeSummary
  target?: TargetSummary
}

/** Reads what a library holds. Throws `not-elf`, `unsupported-elf` or `broken-elf`. */
export async function listGpuCode(file: string, targets: readonly Architecture[]): Promise<GpuCodeListing> {
  return withFile(file, async (reader) => {
    const containers = await findContainers(reader, await parseElf(reader))
    return {
      file,
      sizeBytes: reader.sizeBytes,
      code: summarise(containers),
      ...(targets.length === 0 ? {} : { target: summariseFor(containers, targets) }),
    }
  })
}

/** What slimming did to one file. Sizes are bytes of the file; `target` counts the file before. */
export interface SlimmedFile {
  file: string
  changed: boolean
  sizeBeforeBytes: number
  sizeAfterBytes: number
  /** GPU code that went, whether it left the file or became zeros. */
  freedBytes: number
  /** Symbol tables and debug sections that left the file. */
  symbolBytes: number
  holes: number
  pinnedContainers: number
  target: TargetSummary
}

/**
 * Writes a library without the GPU code that no target loads, to another path or over itself, and reads the result back:
 * kept code must be the same bytes, and nothing unusable may be left. Null for a file that is not ELF or holds neither GPU
 * code nor symbols to drop; a file with nothing to remove is not written. Throws `check-failed` and leaves the original as it was.
 */
export async function slimGpuCode(
  input: string,
  output: string,
  targets: GpuTargets,
  options: RewriteOptions = {},
): Promise<SlimmedFile | null> {
  return withFile(input, async (reader) => {
    if (!(await isElf(reader))) return null
    const elf = await parseElf(reader)
    const kept = targets === 'any' ? [] : targets
    const plan = await planRewrite(reader, elf, targets, options)
    const { code, spans, freedBytes, symbolBytes, holes } = plan
    const containers = [...code.plans.map(({ container }) => container), ...code.pinned]
    if (containers.length === 0 && spans === null) return null
    if (spans)
      await writeSpans(reader, spans, output, (after) => verifyRewrite({ reader, elf }, code, after, kept))
    return {
      file: output,
      changed: spans !== null,
      sizeBeforeBytes: reader.sizeBytes,
      sizeAfterBytes: spans ? totalLength(spans) : reader.sizeBytes,
      freedBytes,
      symbolBytes,
      holes: holes.length,
      pinnedContainers: code.pinned.length,
      target: summariseFor(containers, kept),
    }
  })
}
