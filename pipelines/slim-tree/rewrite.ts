import { parseArchitecture } from '../../images/gpu-code/architecture.ts'
import { isProcessor } from '../../images/gpu-code/processors.ts'
import type { Rewriting } from '../../images/slim-rules/slimming.ts'
import type { RewrittenFile } from '../../images/tree/rewritten.ts'
import { slimHipTree, slimTree } from '../gpu-code/tree.ts'
import { markBytecode } from './bytecode.ts'

/** Rewrites the files of a tree that stay, and tells those that got smaller. Paths are absolute in the tree. */
export async function* rewriteFiles(folder: string, rewriting: Rewriting): AsyncGenerator<RewrittenFile> {
  if (rewriting.bytecode) await markBytecode(folder)
  const named = rewriting.targets === 'any' ? [] : rewriting.targets
  const processors = named.filter(isProcessor)
  if (processors.length > 0) yield* withoutOthers(folder, processors)
  const targets = rewriting.targets === 'any' || processors.length > 0 ? 'any' : named.map(parseArchitecture)
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

/** The same for code of AMD's GPUs alone. */
async function* withoutOthers(folder: string, processors: readonly string[]): AsyncGenerator<RewrittenFile> {
  for await (const { file, sizeBeforeBytes, sizeAfterBytes } of slimHipTree(folder, processors))
    if (sizeBeforeBytes > sizeAfterBytes)
      yield {
        path: file.slice(folder.length),
        gpuCodeBytes: sizeBeforeBytes - sizeAfterBytes,
        symbolBytes: 0,
      }
}
