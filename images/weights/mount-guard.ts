import { canonicalJson } from '../../lib/json.ts'
import { sortFiles, type WeightFile } from '../../recipes/weights.ts'
import { labelNames } from '../oci/label-names.ts'
import type { SettingsFile } from '../tree/settings.ts'

/** Where guards lie in an image. */
export const guardFolder = '/usr/local/lib/ingot'
const listPath = `${guardFolder}/weights.list`
const scriptPath = `${guardFolder}/weights-guard`

/** Exit status of the guard, sysexits' EX_CONFIG: the container was started wrongly, a restart does not help. */
export const guardExitCode = 78

/** In place of a sha256 that nobody knows before the weights are packed. */
export const noHash = '-'

/** Programs the guard starts, wherever a distribution has them. */
export const guardPrograms = ['/usr/bin/sh', '/usr/bin/wc', '/usr/bin/sha256sum'] as const

/** What an image without weights holds instead: the list of expected files, and the script that checks it at start. */
export function mountGuardFiles(files: readonly WeightFile[], modelFolder: string): SettingsFile[] {
  return [
    { type: 'folder', path: guardFolder, mode: '0755' },
    { type: 'folder', path: modelFolder, mode: '0755' },
    { type: 'file', path: listPath, mode: '0644', content: guardList(files) },
    { type: 'file', path: scriptPath, mode: '0755', content: guardScript(modelFolder) },
  ]
}

/** The entrypoint with the guard before it. Through the shell, so that the script needs no mode of its own. */
export function guardedEntrypoint(entrypoint: readonly string[]): string[] {
  return ['/bin/sh', scriptPath, ...entrypoint]
}

/** Labels by which a scheduler or a person sees what must be mounted where. */
export function mountLabels(files: readonly WeightFile[], modelFolder: string): Record<string, string> {
  const list = sortFiles(files).map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 }))
  return { [labelNames.weightsFolder]: modelFolder, [labelNames.weightsFiles]: canonicalJson(list) }
}

/** `SIZE SHA256 PATH` per line. Paths hold no line breaks (recipes/locked-weights.ts). */
export function guardList(files: readonly WeightFile[]): string {
  return sortFiles(files)
    .map((file) => `${file.sizeBytes} ${file.sha256} ${file.path}\n`)
    .join('')
}

/**
 * A POSIX script for a slimmed image: the shell's own words and `wc`; `sha256sum` only for the full check. `wc -c` of a
 * regular file asks for its size and reads nothing.
 */
export function guardScript(modelFolder: string): string {
  return `#!/bin/sh
# Checks that the mounted weights are those this image was made for, then becomes the server.
# INGOT_WEIGHTS_CHECK: sizes (default), full (sha256 of every byte), off.
folder='${modelFolder.replaceAll("'", "'\\''")}'
list='${listPath}'
check="\${INGOT_WEIGHTS_CHECK:-sizes}"
case "$check" in
  off) exec "$@" ;;
  sizes | full) ;;
  *) echo "ingot: INGOT_WEIGHTS_CHECK=$check is not sizes, full or off" >&2; exit ${guardExitCode} ;;
esac
count=0
wrong=0
problem() {
  wrong=$((wrong + 1))
  [ "$wrong" -gt 5 ] || echo "ingot: $1" >&2
}
while read -r size sha256 path; do
  count=$((count + 1))
  file="$folder/$path"
  if [ ! -f "$file" ]; then problem "$path is missing"; continue; fi
  if [ ! -r "$file" ]; then problem "$path cannot be read by this user"; continue; fi
  found=$(wc -c < "$file")
  if [ "$((found))" -ne "$size" ]; then problem "$path has $((found)) bytes, expected $size"; continue; fi
  [ "$check" = full ] && [ "$sha256" != ${noHash} ] || continue
  found=$(sha256sum < "$file" 2> /dev/null) || { problem "no sha256sum here for INGOT_WEIGHTS_CHECK=full"; break; }
  [ "\${found%% *}" = "$sha256" ] || problem "$path has sha256 \${found%% *}, expected $sha256"
done < "$list"
if [ "$wrong" -gt 0 ]; then
  [ "$wrong" -le 5 ] || echo "ingot: and $((wrong - 5)) more" >&2
  echo "ingot: $wrong of $count weight files are not as expected in $folder. Mount the model folder there, read-only;" >&2
  echo "ingot: the label dev.ingot.weights.files of this image lists what belongs in it." >&2
  exit ${guardExitCode}
fi
exec "$@"
`
}
