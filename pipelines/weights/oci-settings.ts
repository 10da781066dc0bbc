import { z } from 'zod'
import type { Digest } from '../../lib/digest.ts'
import { type Modelfile, modelfileSchema } from '../../recipes/locked-weights.ts'
import { readAnswer } from '../network/answer.ts'
import { WeightsError } from './error.ts'
import type { OllamaText, ReadLayers } from './oci-layers.ts'

/** Settings of Ollama are short; licences are the longest of them. */
const mostBytes = 1 << 20

const paramsSchema = z.record(z.string(), z.json())

/**
 * Settings of a model that a manifest of Ollama holds in layers of their own; undefined where it has none. Of several layers
 * of one kind, as licences are, the texts follow each other. Throws `bad-answer` for what is none. `read` checks the digest.
 */
export async function readOllamaSettings(
  texts: ReadLayers['texts'],
  read: (layer: { digest: Digest; size: number }) => Promise<{ url: string; text: string }>,
): Promise<Modelfile | undefined> {
  const found: Modelfile = {}
  for (const { name, layer } of texts) {
    if (layer.size > mostBytes) throw badSetting(layer.digest, name, `${layer.size} bytes`)
    const { url, text } = await read(layer)
    if (name === 'params') found.params = paramsOf(text, url)
    else found[name] = found[name] === undefined ? text : `${found[name]}\n${text}`
  }
  return texts.length === 0 ? undefined : modelfileSchema.parse(found)
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
