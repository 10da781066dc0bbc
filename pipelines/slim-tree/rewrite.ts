import { parseArchitecture } from '../../images/gpu-code/architecture.ts'
import type { Rewriting } from '../../images/slim-rules/slimming.ts'
import type { RewrittenFile } from '../../images/tree/rewritten.ts'
import { slimTree } from '../gpu-code/tree.ts'
import { markBytecode } from './bytecode.ts'

/** Rewrites the files of a tree that stay, and tells those that got smaller. Paths are absolute in the tree. */
export async function* rewriteFiles(folder: string, rewriting: Rewriting): AsyncGenerator<RewrittenFile> {
  if (rewriting.bytecode) await markBytecode(folder)
  const targets = rewriting.targets === 'any' ? 'any' : rewriting.targets.map(parseArchitecture)
  const symbols = rewriting.symbols ? 'dropped' : 'kept'
  if (targets === 'any' && symbols === 'kept') return
  for await (const slimmed of slimTree(folder, targets, 'holes', symbols)) {
    const { file, sizeBeforeBytes, sizeAfterBytes, symbolBytes } = slimmed
    if (sizeBeforeBytes > sizeAfterBytes)
      yield {
        path: file.slice(folder.length),
        // The longer tables of a file that was split count against its GPU code.
        gpuCodeBytes: Math.max(0, sizeBeforeBytes - sizeAfterBytes - symbolBytes),
        symbolBytes: Math.min(symbolBytes, sizeBeforeBytes - sizeAfterBytes),
      }
  }
}
