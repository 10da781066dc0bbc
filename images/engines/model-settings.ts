import type { SettingFiles } from '../../recipes/setting-files.ts'
import type { SettingsFile } from '../tree/settings.ts'
import type { CallForm, ReasoningForm } from './chat-forms.ts'
import type { NameHistory } from './name-history.ts'

/** Keys of `model` that say how a server talks to it. */
export const modelSettingKeys = [
  'chatTemplate',
  'toolCallParser',
  'reasoningParser',
  'generationConfig',
] as const
export type ModelSettingKey = (typeof modelSettingKeys)[number]

export interface TakenSetting {
  type: 'taken'
  /** What the command line gets for it; a recipe that has the key cannot write these flags itself. */
  flags: readonly string[]
  /** Names that versions of the engine know; null where the value is a file. */
  names: NameHistory | null
  /** What the engine's documentation gives for a form that a model is told by: a parser, or a template of its own. */
  forms?: ChatNames
  /** Arguments for a name, or for the place of a file in the image. */
  options(value: string, files: SettingFiles): string[]
}

/** Names of an engine by the form of a chat; a form that is absent is one that it documents nothing for. */
export type ChatNames = Readonly<Partial<Record<CallForm | ReasoningForm, string>>>

/** What an engine does with a key: it takes it by its command line, or why not. */
export type SettingSupport = TakenSetting | { type: 'refused'; found: string; hint: string }

/** One answer for every key, so that an engine cannot forget one. */
export type ModelSettings = Readonly<Record<ModelSettingKey, SettingSupport>>

/** A setting whose value stands behind one flag, with flags that it needs beside it. */
export function byFlag(
  flag: string,
  names: NameHistory | null = null,
  beside: readonly string[] = [],
  forms: ChatNames = {},
): TakenSetting {
  return {
    type: 'taken',
    flags: [flag, ...beside],
    names,
    forms,
    options: (value) => [flag, value, ...beside],
  }
}

export function notTaken(found: string, hint: string): SettingSupport {
  return { type: 'refused', found, hint }
}

const folder = '/etc/ingot'
const chatTemplatePath = `${folder}/chat-template.jinja`
/** Loaders of transformers look for generation_config.json in a folder. */
const generationFolder = `${folder}/generation`

/** Arguments for what a recipe says of its model, in the order of the keys. */
export function settingOptions(
  { recipe, settingFiles }: { recipe: { model: SettingValues }; settingFiles: SettingFiles },
  settings: ModelSettings,
): string[] {
  const { model } = recipe
  const places = {
    chatTemplate: settingFiles.chatTemplate && chatTemplatePath,
    toolCallParser: model.toolCallParser,
    reasoningParser: model.reasoningParser,
    generationConfig: settingFiles.generationConfig && generationFolder,
  }
  return modelSettingKeys.flatMap((key) => {
    const [support, value] = [settings[key], places[key]]
    return support.type === 'refused' || value === undefined ? [] : support.options(value, settingFiles)
  })
}

type SettingValues = Partial<Record<ModelSettingKey, string | undefined>>

/** The files that those arguments name. */
export function modelSettingFiles({ chatTemplate, generationConfig }: SettingFiles): SettingsFile[] {
  if (chatTemplate === undefined && generationConfig === undefined) return []
  return [
    { type: 'folder', path: folder, mode: '0755' },
    ...(chatTemplate === undefined ? [] : [textFile(chatTemplatePath, chatTemplate.text)]),
    ...(generationConfig === undefined
      ? []
      : [
          { type: 'folder' as const, path: generationFolder, mode: '0755' },
          textFile(`${generationFolder}/generation_config.json`, generationConfig.text),
        ]),
  ]
}

function textFile(path: string, content: string): SettingsFile {
  return { type: 'file', path, mode: '0644', content }
}
