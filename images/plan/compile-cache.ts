import { posix } from 'node:path'
import type { Deployment } from '../engines/engine.ts'
import { pythonOf } from '../engines/python-environment.ts'
import type { RuntimeConfig } from '../oci/oci.ts'
import type { SettingsFile } from '../tree/settings.ts'
import { guardFolder } from '../weights/mount-guard.ts'
import { compileCacheProgram } from './compile-cache-program.ts'

/** What is taken of a boot, and how a log shows that it is used. */
export interface CompileCachePlan {
  /** Folders that the compilers of the engine write to, sorted; all below /tmp, which is new in each container. */
  folders: string[]
  compiled: readonly string[]
  loaded: readonly string[]
}

/** Where the layer has what was taken: the same paths below this folder, and `processor` beside them. */
export const compileCacheFolder = `${guardFolder}/compile-cache`

const programPath = `${guardFolder}/compile-cache.py`

/** Undefined where the recipe does not ask for it, or the engine has no such cache. */
export function compileCachePlan(
  { engine, recipe }: Deployment,
  config: RuntimeConfig,
): CompileCachePlan | undefined {
  const { compileCache: rules } = engine
  if (!recipe.image.compileCache || rules === undefined) return undefined
  const { compiled, loaded } = rules
  const variables = new Map((config.Env ?? []).map((line) => splitAt(line, line.indexOf('='))))
  const folders = rules.folders.flatMap(({ variable, below = '' }) => {
    const folder = posix.join(variables.get(variable) || '/', below)
    return folder.startsWith('/tmp/') ? [folder] : []
  })
  return { folders: withoutInner(folders), compiled, loaded }
}

/** What stands before the server's command line: it puts the cache where the engine looks, and becomes the server. */
export function cacheCommand(deployment: Deployment): string[] {
  return asksForCache(deployment) ? [pythonOf(deployment), '-I', programPath] : []
}

export function compileCacheFiles(deployment: Deployment): SettingsFile[] {
  if (!asksForCache(deployment)) return []
  return [
    { type: 'folder', path: guardFolder, mode: '0755' },
    { type: 'file', path: programPath, mode: '0644', content: compileCacheProgram(compileCacheFolder) },
  ]
}

function asksForCache({ recipe, engine }: Deployment): boolean {
  return recipe.image.compileCache === true && engine.compileCache !== undefined
}

/** A folder inside another one is taken with it. */
function withoutInner(folders: readonly string[]): string[] {
  const sorted = [...new Set(folders)].sort()
  return sorted.filter((folder) => !sorted.some((other) => folder.startsWith(`${other}/`)))
}

function splitAt(text: string, index: number): [string, string] {
  return [text.slice(0, index), text.slice(index + 1)]
}
