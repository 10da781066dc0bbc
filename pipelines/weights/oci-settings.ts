import { z } from 'zod'
import type { Digest } from '../../lib/digest.ts'
import { type Modelfile, modelfileSchema } from '../../recipes/locked-weights.ts'
import { readAnswer } from '../network/answer.ts'
import { WeightsError } from './error.ts'
import type { OllamaText, ReadLayers } from './oci-layers.ts'

/** Layers and config of a manifest of Ollama that are no files of a model; no config for artifacts of others. */
interface OllamaDocuments {
  texts: ReadLayers['texts']
  config: { digest: Digest; size: number } | undefined
}

/** Settings of Ollama are short; licences are the longest of them. */
const mostBytes = 1 << 20

const paramsSchema = z.record(z.string(), z.json())

/**
 * Settings of a model that a manifest of Ollama holds in layers of their own; undefined where it has none. Of several layers
 * of one kind, as licences are, the texts follow each other. Throws `bad-answer` for what is none. `read` checks the digest.
 */
export async function readOllamaSettings(
  { texts, config }: OllamaDocuments,
  read: SettingReader,
): Promise<Modelfile | undefined> {
  const found: Modelfile = config === undefined ? {} : await readOllamaConfig(config, read)
  for (const { name, layer } of texts) {
    if (layer.size > mostBytes) throw badSetting(layer.digest, name, `${layer.size} bytes`)
    const { url, text } = await read(layer)
    if (name === 'params') found.params = paramsOf(text, url)
    else found[name] = found[name] === undefined ? text : `${found[name]}\n${text}`
  }
  return Object.keys(found).length === 0 ? undefined : modelfileSchema.parse(found)
}

/** Members of Ollama's config that change how a model is talked to (`types/model/config.go`). */
const configSchema = z.object({
  renderer: z.string().optional(),
  parser: z.string().optional(),
  requires: z.string().optional(),
  remote_host: z.string().optional(),
  remote_model: z.string().optional(),
})

type SettingReader = (layer: { digest: Digest; size: number }) => Promise<{ url: string; text: string }>

/** Throws `refused` for a model without weights, which Ollama's own machines compute. */
async function readOllamaConfig(
  config: { digest: Digest; size: number },
  read: SettingReader,
): Promise<Modelfile> {
  if (config.size > mostBytes) throw badSetting(config.digest, 'config', `${config.size} bytes`)
  const { url, text } = await read(config)
  const answer = readAnswer(configSchema, { text })
  if (!answer.ok) throw badSetting(url, 'config', answer.found)
  const { remote_host: host, remote_model: model, ...settings } = answer.value
  if (host === undefined && model === undefined)
    return Object.fromEntries(
      Object.entries(settings).filter(([, value]) => value !== undefined && value !== ''),
    )
  throw new WeightsError('refused', {
    attempted: `read the model at ${url}`,
    found: `it has no weights: Ollama asks ${host ?? 'another machine'} for ${model ?? 'its answers'}`,
    hint: 'name a tag of the model that is computed where it runs, without `cloud` in it',
  })
}

function paramsOf(text: string, place: string): NonNullable<Modelfile['params']> {
  const answer = readAnswer(paramsSchema, { text })
  if (answer.ok) return answer.value
  throw badSetting(place, 'params' satisfies OllamaText, answer.found)
}

function badSetting(place: string, name: string, found: string): WeightsError {
  return new WeightsError('bad-answer', {
    attempted: `read the layer ${name} at ${place}`,
    found,
    hint: 'the manifest or the layer is damaged: pull and push the model again',
  })
}
