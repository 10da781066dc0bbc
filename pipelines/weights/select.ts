import type { SkippedFile } from '../../recipes/locked-weights.ts'
import { isSecretFile } from '../../recipes/secret-files.ts'
import type { WeightFormat } from '../../recipes/weight-names.ts'
import { type Patterns, pickFiles } from '../../recipes/weight-selection.ts'
import { WeightsError } from './error.ts'

/** `pickFiles`, with an error when nothing is left, and for files in which programs keep secrets (`refused`). */
export function selectFiles<File extends { path: string; sizeBytes: number }>(
  files: readonly File[],
  patterns: Patterns & { formats: readonly WeightFormat[] },
  where: string,
): { taken: File[]; skipped: SkippedFile[] } {
  const picked = pickFiles(files, patterns, patterns.formats)
  refuseSecretFiles(
    picked.taken.filter(({ path }) => isSecretFile(path) && !patterns.include?.includes(path)),
    where,
  )
  if (picked.taken.length > 0) return picked
  throw nothingTaken(files, picked.skipped, patterns, where)
}

function nothingTaken(
  files: readonly { path: string }[],
  skipped: readonly SkippedFile[],
  { include, exclude }: Patterns,
  where: string,
): WeightsError {
  const attempted = `list the weights of ${where}`
  if (files.length === 0)
    return new WeightsError('no-files', { attempted, found: 'no file at all', hint: 'name another place' })
  const reasons = skipped.map(({ path, reason }) => `${path} is ${reason}`)
  const found = `${files.length} ${files.length === 1 ? 'file' : 'files'}, and none is taken`
  return new WeightsError('no-files', {
    attempted,
    found: reasons.length === 0 ? found : `${found}: ${reasons.slice(0, 6).join('; ')}`,
    hint:
      include === undefined && exclude === undefined
        ? 'no file of a model is there: name the repository or folder that has the weights'
        : 'check `include` and `exclude` in the recipe',
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
