import type { SkippedFile } from '../../recipes/locked-weights.ts'
import { pickFiles } from '../../recipes/weight-selection.ts'
import { WeightsError } from './error.ts'

/** `pickFiles`, with an error when nothing is left. */
export function selectFiles<File extends { path: string; sizeBytes: number }>(
  files: readonly File[],
  patterns: { include?: string[] | undefined; exclude?: string[] | undefined },
  where: string,
): { taken: File[]; skipped: SkippedFile[] } {
  const picked = pickFiles(files, patterns)
  if (picked.taken.length > 0) return picked
  throw new WeightsError('no-files', {
    attempted: `list the weights of ${where}`,
    found: files.length === 0 ? 'no file at all' : `${files.length} files, and none is taken`,
    hint: 'check `include` and `exclude` in the recipe',
  })
}
