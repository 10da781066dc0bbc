import { nearestName } from '../../lib/suggest.ts'
import type { Deployment, Refusal } from './engine.ts'
import { type ModelSettingKey, modelSettingKeys } from './model-settings.ts'
import { type NameStanding, standingOf } from './name-history.ts'
import { generates } from './tasks.ts'

/** What a parser is called in a sentence. */
export const settingTitles: Readonly<Record<ModelSettingKey, string>> = {
  chatTemplate: 'chat template',
  toolCallParser: 'tool-call parser',
  reasoningParser: 'reasoning parser',
  generationConfig: 'generation config',
}

interface NamedSetting {
  key: ModelSettingKey
  name: string
  standing: NameStanding
}

/** What a task has to be for a key: all but the defaults for drawing tokens are of chats. */
function suits(key: ModelSettingKey, tasks: Deployment['tasks']): boolean {
  return key === 'generationConfig' ? generates(tasks) : tasks.includes('chat')
}

/** Refuses settings that no question to a model of these tasks would use; known without a lock where the recipe names them. */
export function unusedSettingRefusals({ recipe, tasks }: Pick<Deployment, 'recipe' | 'tasks'>): Refusal[] {
  return modelSettingKeys
    .filter((key) => recipe.model[key] !== undefined && !suits(key, tasks))
    .map((key) => ({
      path: `model.${key}`,
      found: `the model is served for ${tasks.join(', ')} and answers no chat`,
      hint: 'leave it out, or set model.task',
    }))
}

/** Refuses settings of a model that the engine has none for, names that its version surely lacks, and all of it without a chat. */
export function settingRefusals(deployment: Deployment): Refusal[] {
  const { recipe, engine, version } = deployment
  const used = modelSettingKeys.filter((key) => recipe.model[key] !== undefined)
  return [
    ...used.flatMap((key) => {
      const support = engine.modelSettings[key]
      return support.type === 'refused'
        ? [{ path: `model.${key}`, found: `${engine.title}: ${support.found}`, hint: support.hint }]
        : []
    }),
    ...unusedSettingRefusals(deployment),
    ...namedSettings(deployment).flatMap(({ key, name, standing }) =>
      standing.type === 'absent'
        ? [
            {
              path: `model.${key}`,
              found: `${engine.title} ${version} has no ${settingTitles[key]} "${name}"`,
              hint: absentHint(name, standing.names),
            },
          ]
        : [],
    ),
  ]
}

/** The names that there are, and the one that was meant. */
export function absentHint(name: string, names: readonly string[]): string {
  const near = nearestName(name, names)
  const meant = near === undefined ? '' : `did you mean "${near}"? `
  return `${meant}It has ${[...names].sort().join(', ')}. Take one of these, or another version (engine.version)`
}

/** What nobody read, said once and stopping nothing. */
export function settingDoubts(deployment: Deployment): string[] {
  const { engine, version } = deployment
  return namedSettings(deployment).flatMap(({ key, name, standing }) => {
    if (standing.type !== 'unknown') return []
    const read = standing.newest === '' ? 'no list was read' : `lists up to ${standing.newest} were read`
    return [
      `model.${key}: whether ${engine.title} ${version} has the ${settingTitles[key]} "${name}" is not known here (${read}); its boot tells`,
    ]
  })
}

function namedSettings({ recipe, engine, version }: Deployment): NamedSetting[] {
  return modelSettingKeys.flatMap((key) => {
    const [support, name] = [engine.modelSettings[key], recipe.model[key]]
    if (support.type === 'refused' || support.names === null || name === undefined) return []
    return [{ key, name, standing: standingOf(name, version, support.names) }]
  })
}
