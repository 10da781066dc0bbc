import { z } from 'zod'
import { digestOf, hexOf } from '../lib/digest.ts'
import { tokensIn } from '../lib/token-forms.ts'

/** Keys of `model` that name a file beside the recipe. */
export const settingFileKeys = ['chatTemplate', 'generationConfig'] as const
export type SettingFileKey = (typeof settingFileKeys)[number]

/** A file that a recipe names, with its text: `sha256` is that of its bytes. */
const settingFileSchema = z
  .strictObject({
    path: z.string().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits'),
    text: z.string(),
  })
  .refine(({ sha256, text }) => hexOf(digestOf(text)) === sha256, {
    path: ['text'],
    message: 'it is not the text that sha256 stands for',
  })

export const settingFilesSchema = z.strictObject({
  chatTemplate: settingFileSchema.optional(),
  generationConfig: settingFileSchema.optional(),
})

export type SettingFile = z.infer<typeof settingFileSchema>
export type SettingFiles = z.infer<typeof settingFilesSchema>

/** The largest template among 70 of llama.cpp's collection has 24 KB. */
export const mostSettingBytes = 256 * 1024

export type ReadSettingFile = { ok: true; file: SettingFile } | { ok: false; message: string; hint: string }

/** The text of a file under one of the keys, or in words why it is none. The words quote nothing of it. */
export function readSettingFile(key: SettingFileKey, path: string, bytes: Uint8Array): ReadSettingFile {
  const text = utf8Text(bytes)
  if (text === undefined) return refused('it is no text in UTF-8', 'save it as UTF-8 without a byte 0')
  const [kind] = tokensIn(text)
  if (kind !== undefined)
    return refused(
      `it holds what has the form of a secret (${kind})`,
      'lock and image show it to everybody: take it out, and renew what was written there',
    )
  const wrong = key === 'chatTemplate' ? templateProblem(text) : configProblem(text)
  return wrong ?? { ok: true, file: { path, sha256: hexOf(digestOf(bytes)), text } }
}

function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

/** Without an expression no message of a client would be in the prompt. */
function templateProblem(text: string): ReadSettingFile | undefined {
  if (/\{\{[\s\S]*\}\}/.test(text)) return undefined
  return refused(
    'it has no {{ … }}, so no message would reach the model',
    'name a chat template in Jinja; Go templates of Ollama are written into serving.ollamaTemplate',
  )
}

function configProblem(text: string): ReadSettingFile | undefined {
  const hint = 'name a file in the form of generation_config.json: {"temperature": 0.6, "top_p": 0.95}'
  const value = jsonOf(text)
  if (value === undefined) return refused('it is no JSON', hint)
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return refused('its JSON is no object', hint)
  const named = samplingKeys.find((key) => {
    const found = member(value, key)
    return found !== undefined && found !== null && typeof found !== 'number'
  })
  return named && refused(`its "${named}" is no number`, hint)
}

/** Settings of generation_config.json that say how tokens are drawn. */
const samplingKeys = ['temperature', 'top_k', 'top_p', 'min_p', 'typical_p', 'repetition_penalty'] as const
export type SamplingKey = (typeof samplingKeys)[number]

/** Numbers that a generation_config.json sets for drawing tokens; `do_sample: false` is a temperature of 0. */
export function samplingOf({ text }: Pick<SettingFile, 'text'>): Partial<Record<SamplingKey, number>> {
  const value = jsonOf(text)
  if (value === null || typeof value !== 'object') return {}
  const set = samplingKeys.flatMap((key) => {
    const found = member(value, key)
    return typeof found === 'number' ? [[key, found]] : []
  })
  return { ...Object.fromEntries(set), ...(member(value, 'do_sample') === false ? { temperature: 0 } : {}) }
}

function member(value: object, key: string): unknown {
  return Object.entries(value).find(([name]) => name === key)?.[1]
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refused(message: string, hint: string): ReadSettingFile {
  return { ok: false, message, hint }
}
