import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import {
  mostSettingBytes,
  readSettingFile,
  type SettingFileKey,
  type SettingFiles,
  settingFileKeys,
} from '../../recipes/setting-files.ts'
import { readSmallFile } from './small-file.ts'

/** The files that a recipe names under `model`, and what is wrong with them. */
export function readSettingFiles(
  { model }: Recipe,
  folder: string,
): { files: SettingFiles; findings: Finding[] } {
  const read = settingFileKeys.flatMap((key) => {
    const path = model[key]
    return path === undefined ? [] : [{ key, ...readOne(key, path, folder) }]
  })
  return {
    files: Object.fromEntries(read.flatMap((one) => (one.ok ? [[one.key, one.file]] : []))),
    findings: read.flatMap((one) =>
      one.ok
        ? []
        : [
            {
              kind: 'problem',
              path: ['model', one.key],
              part: 'value',
              message: `not a file for this: ${one.message}`,
              hint: one.hint,
            } as const,
          ],
    ),
  }
}

function readOne(key: SettingFileKey, path: string, folder: string) {
  const small = readSmallFile(path, folder, mostSettingBytes)
  if (!small.ok) return { ...small, hint: 'name a text file, relative to the recipe' }
  return readSettingFile(key, path, small.bytes)
}
