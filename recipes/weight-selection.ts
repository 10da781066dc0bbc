import { matchesPattern } from './glob.ts'
import type { SkippedFile } from './locked-weights.ts'
import { skipReason } from './skip-reason.ts'
import type { WeightFormat } from './weight-names.ts'
import { sortFiles } from './weights.ts'

/** What ingot itself writes where recipe and weights share a folder: a lock cannot hold its own size. */
const ownFiles = /\.lock\.json(\.\d+\.part)?$|(^|\/)\.ingot\//

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

/** Whether `include` names a file by its full path: such a file is always taken. */
export function isNamed(path: string, { include }: Patterns): boolean {
  return include?.includes(path) ?? false
}

/**
 * Which files of a source are taken for an engine that loads `formats`. Patterns are the Hub's (`*` also crosses slashes). A
 * file that `include` names by its full path is always taken, but for files of ingot's own, which are not listed at all. Of
 * the others each is judged by itself, by stem and folder, and what is left out is listed with the reason.
 */
export function pickFiles<File extends { path: string; sizeBytes: number }>(
  files: readonly File[],
  patterns: Patterns,
  formats: readonly WeightFormat[],
): { taken: File[]; skipped: SkippedFile[] } {
  const candidates = sortFiles(files).filter((file) => isWanted(file.path, patterns))
  const neighbours = { paths: candidates.map((file) => file.path), formats }
  const namesFolder = (folder: string) => patterns.include?.some((one) => one.startsWith(folder)) ?? false
  const reasonFor = (path: string) =>
    isNamed(path, patterns) ? undefined : skipReason(path, neighbours, namesFolder)
  return partition(candidates, reasonFor)
}

/** Files without a reason are taken, the others are listed with it. */
export function partition<File extends { path: string; sizeBytes: number }>(
  files: readonly File[],
  reasonFor: (path: string) => string | undefined,
): { taken: File[]; skipped: SkippedFile[] } {
  const judged = files.map((file) => ({ file, reason: reasonFor(file.path) }))
  return {
    taken: judged.flatMap(({ file, reason }) => (reason === undefined ? [file] : [])),
    skipped: judged.flatMap(({ file: { path, sizeBytes }, reason }) =>
      reason === undefined ? [] : [{ path, sizeBytes, reason }],
    ),
  }
}
