import { matchesPattern } from './glob.ts'
import type { SkippedFile } from './locked-weights.ts'
import { sortFiles } from './weights.ts'

/** Files that no server reads: what the Hub shows to people, and what version control needs. */
const notWeights = /(^|\/)(\.gitattributes|\.gitignore|\.DS_Store|README\.md)$|(^|\/)\.(git|cache)\//

/** What ingot itself writes where recipe and weights share a folder: a lock cannot hold its own size. */
const ownFiles = /\.lock\.json(\.\d+\.part)?$|(^|\/)\.ingot\//

/** Other formats of the same weights, left out where safetensors are present. */
const otherFormats = /\.(bin|pt|pth|h5|msgpack|ot|onnx)$|(^|\/)(tf_model|flax_model|rust_model)[^/]*$/

const isSafetensors = (path: string) => path.endsWith('.safetensors')
const isConsolidated = (path: string) => /(^|\/)consolidated[^/]*$/.test(path)
const isOriginal = (path: string) => path.startsWith('original/')

export interface Patterns {
  include?: readonly string[] | undefined
  exclude?: readonly string[] | undefined
}

/** Whether the patterns of a recipe let a path pass. Files of ingot's own never do. */
export function isWanted(path: string, { include, exclude }: Patterns): boolean {
  return (
    !ownFiles.test(path) &&
    (include?.some((pattern) => matchesPattern(path, pattern)) ?? true) &&
    !exclude?.some((pattern) => matchesPattern(path, pattern))
  )
}

/**
 * Which files of a source are taken. Patterns are the Hub's (`*` also crosses slashes). A file that `include` names by
 * its full path is always taken, but for files of ingot's own, which are not listed at all; duplicates of the weights in another format are not, and are listed with the reason.
 */
export function pickFiles<File extends { path: string; sizeBytes: number }>(
  files: readonly File[],
  patterns: Patterns,
): { taken: File[]; skipped: SkippedFile[] } {
  const candidates = sortFiles(files).filter((file) => isWanted(file.path, patterns))
  const paths = candidates.map((file) => file.path)
  const reasonFor = (path: string) => (patterns.include?.includes(path) ? undefined : skipReason(path, paths))
  return {
    taken: candidates.filter((file) => reasonFor(file.path) === undefined),
    skipped: candidates.flatMap(({ path, sizeBytes }) => {
      const reason = reasonFor(path)
      return reason === undefined ? [] : [{ path, sizeBytes, reason }]
    }),
  }
}

/** Why a file is not taken although the patterns allow it, or undefined. */
function skipReason(path: string, all: readonly string[]): string | undefined {
  if (notWeights.test(path)) return 'not read by any server'
  const hasPlain = all.some((other) => isSafetensors(other) && !isConsolidated(other) && !isOriginal(other))
  if (!hasPlain) return undefined
  if (isOriginal(path)) return 'the same weights in their original format'
  if (isConsolidated(path)) return 'the same weights in one consolidated file'
  return otherFormats.test(path) ? 'the same weights are there as safetensors' : undefined
}
