import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { isGguf } from '../../recipes/model-facts/gguf-files.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'
import type { SourceSettings } from '../weights/source.ts'
import { ModelReaderError } from './error.ts'
import { readHubModel } from './hub.ts'
import { readConfigFile, readFolder, readGgufFile } from './local.ts'

/**
 * Facts of whatever names a model: a folder, a GGUF file, a config.json, `owner/name`, `owner/name@revision` or `owner/name/file.gguf`
 * on the Hub. Only headers are read. Throws `no-model` for a name that is none of these.
 */
export async function readModel(
  target: string,
  settings: SourceSettings,
  signal?: AbortSignal,
): Promise<ModelFacts> {
  const found = await stat(target).catch(() => undefined)
  if (found?.isDirectory()) return readFolder(target)
  if (found && !found.isFile()) throw noModel(target, 'it is neither a file nor a folder')
  if (found && target.endsWith('.json')) return readConfigFile(target)
  if (found && isGguf(target)) return readGgufFile(dirname(target), basename(target))
  const match = /^([\w.-]+\/[\w.-]+?)(?:@([\w./-]+?))?(?:\/([^@]+\.gguf))?$/i.exec(target)
  if (match && !found && !target.startsWith('.') && !target.startsWith('/'))
    return readHubModel(
      { repo: match[1] ?? '', revision: match[2] ?? 'main', file: match[3] },
      settings,
      signal,
    )
  throw noModel(
    target,
    found
      ? 'the file is neither a GGUF file nor a config.json'
      : 'it is neither here nor a name of the form owner/name',
  )
}

function noModel(target: string, found: string): ModelReaderError {
  return new ModelReaderError('no-model', {
    attempted: `read the model "${target}"`,
    found,
    hint: 'name a folder with config.json, a .gguf file, or a repository of the Hub',
  })
}
