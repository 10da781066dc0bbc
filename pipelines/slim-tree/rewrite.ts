import { parseTarget } from '../../images/gpu-code/architecture.ts'
import type { RewrittenFile } from '../../images/rewritten.ts'
import type { Rewriting } from '../../images/slimming.ts'
import { slimTree } from '../gpu-code/tree.ts'
import { markBytecode } from './bytecode.ts'

/** Rewrites the files of a tree that stay, and tells those that got smaller. Paths are absolute in the tree. */
export async function* rewriteTree(folder: string, rewriting: Rewriting): AsyncGenerator<RewrittenFile> {
  if (rewriting.bytecode) await markBytecode(folder)
  const targets = rewriting.targets.map(parseTarget)
  if (targets.length === 0) return
  for await (const { file, sizeBeforeBytes, sizeAfterBytes } of slimTree(folder, targets))
    if (sizeBeforeBytes > sizeAfterBytes)
      yield {
        path: file.slice(folder.length),
        gpuCodeBytes: sizeBeforeBytes - sizeAfterBytes,
        symbolBytes: 0,
      }
}
