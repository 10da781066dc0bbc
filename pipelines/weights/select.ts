import type { SkippedFile } from '../../recipes/locked-weights.ts'
import { isSecretFile } from '../../recipes/secret-files.ts'
import { pickFiles } from '../../recipes/weight-selection.ts'
import { WeightsError } from './error.ts'

/** `pickFiles`, with an error when nothing is left, and for files in which programs keep secrets (`refused`). */
export function selectFiles<File extends { path: string; sizeBytes: number }>(
  files: readonly File[],
  patterns: { include?: string[] | undefined; exclude?: string[] | undefined },
  where: string,
): { taken: File[]; skipped: SkippedFile[] } {
  const picked = pickFiles(files, patterns)
  refuseSecretFiles(
    picked.taken.filter(({ path }) => isSecretFile(path) && !patterns.include?.includes(path)),
    where,
  )
  if (picked.taken.length > 0) return picked
  throw new WeightsError('no-files', {
    attempted: `list the weights of ${where}`,
    found: files.length === 0 ? 'no file at all' : `${files.length} files, and none is taken`,
    hint: 'check `include` and `exclude` in the recipe',
  })
}

/** Nobody wants them in an image; somebody who does names each by its full path. */
function refuseSecretFiles(files: readonly { path: string }[], where: string): void {
  if (files.length === 0) return
  throw new WeightsError('refused', {
    attempted: `list the weights of ${where}`,
    found: `files in which programs keep passwords, tokens and keys: ${files.map(({ path }) => path).join(', ')}`,
    hint: 'take them out of the folder, or leave them out with `exclude`; one that holds no secret is taken when `include` names its full path and image.policy.allowSecrets its place in the image',
  })
}
