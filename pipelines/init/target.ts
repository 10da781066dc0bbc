import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { isGguf } from '../../recipes/model-facts/gguf-files.ts'
import { ModelReaderError } from '../model-reader/error.ts'

/** What a person means by MODEL. `file` is the one GGUF of it that they named. */
export type InitTarget =
  | { type: 'hub'; repo: string; revision: string; file?: string }
  | { type: 'folder'; folder: string; file?: string }
  | { type: 'oci'; reference: string }

const hubAddress = /^(?:https?:\/\/)?(?:huggingface\.co|hf\.co)\//
const hubName = /^([\w.-]+\/[\w.-]+?)(?:@([\w./-]+?))?(?:\/([^@]+\.gguf))?$/i
/** As every container tool tells a host from a folder of Docker Hub. */
const withHost = /^(localhost|[^/]*[.:][^/]*)\/.+/

/**
 * A folder or .gguf file of this machine before anything else; then `oci:REFERENCE` or a reference with a host; then a
 * repository of the Hub, with or without its address. Throws `no-model`.
 */
export async function readTarget(text: string): Promise<InitTarget> {
  const found = await stat(text).catch(() => undefined)
  if (found?.isDirectory()) return { type: 'folder', folder: resolve(text) }
  if (found?.isFile() && isGguf(text))
    return { type: 'folder', folder: resolve(dirname(text)), file: basename(text) }
  if (found !== undefined) throw noModel(text, 'it is neither a folder nor a GGUF file')
  const reference = /^oci:(?:\/\/)?(.+)$/.exec(text)?.[1]
  if (reference !== undefined) return { type: 'oci', reference }
  const isPath = /^[./~]/.test(text)
  const name = text.replace(hubAddress, '')
  if (!isPath && name === text && withHost.test(text)) return { type: 'oci', reference: text }
  const [, repo, revision = 'main', file] = (isPath ? null : hubName.exec(name)) ?? []
  if (repo === undefined) throw noModel(text, 'it is neither here nor a name of the form owner/name')
  return { type: 'hub', repo, revision, ...(file !== undefined && { file }) }
}

function noModel(text: string, found: string): ModelReaderError {
  return new ModelReaderError('no-model', {
    attempted: `read the model "${text}"`,
    found,
    hint: 'name a folder with config.json, a .gguf file, a repository of the Hub as owner/name, or an artifact as oci:REFERENCE',
  })
}
