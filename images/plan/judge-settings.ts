import semver from 'semver'
import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { engineOf } from '../engines/engines.ts'
import { type ModelSettingKey, modelSettingKeys } from '../engines/model-settings.ts'
import { type NameHistory, namesByVersion } from '../engines/name-history.ts'
import { namesFlag } from '../engines/reserved-flags.ts'
import { absentHint, settingTitles } from '../engines/setting-refusals.ts'

/** What speaks against the settings of a model before anything is locked: none of the engine, an unknown name, a flag twice. */
export function settingFindings(recipe: Recipe): Finding[] {
  return modelSettingKeys.flatMap((key) => {
    const name = recipe.model[key]
    if (name === undefined) return []
    const definition = engineOf(recipe.engine.id)
    const support = definition.modelSettings[key]
    if (support.type === 'refused')
      return [problem(key, 'key', `${definition.title}: ${support.found}`, support.hint)]
    return [
      ...(support.names === null ? [] : nameFindings(recipe, key, name, support.names)),
      ...flagFindings(recipe, key, support.flags),
    ]
  })
}

/** A range that ends among versions that were read is judged for certain; others may have names that nobody read. */
function nameFindings(
  { engine }: Recipe,
  key: ModelSettingKey,
  name: string,
  history: NameHistory,
): Finding[] {
  const read = namesByVersion(history)
  const newest = read.at(-1)?.version
  const ofRange = read.filter(({ version }) => semver.satisfies(version, engine.version))
  const isKnown = (ofRange.length === 0 ? read : ofRange).some(({ names }) => names.includes(name))
  if (isKnown || newest === undefined) return []
  const { title } = engineOf(engine.id)
  const names = (ofRange.at(-1) ?? read.at(-1))?.names ?? []
  const hint = absentHint(name, names)
  const isCertain = ofRange.length > 0 && semver.subset(engine.version, `<=${newest}`)
  const what = `${settingTitles[key]} "${name}"`
  return [
    isCertain
      ? problem(key, 'value', `no version of ${title} in "${engine.version}" has the ${what}`, hint)
      : {
          ...problem(key, 'value', `ingot knows no ${what} of ${title} up to ${newest}`, hint),
          kind: 'doubt',
        },
  ]
}

/** The last one of a command line would win. */
function flagFindings(
  { serving, engine }: Recipe,
  key: ModelSettingKey,
  flags: readonly string[],
): Finding[] {
  const { style } = engineOf(engine.id).reserved
  return serving.extraArguments.flatMap((item, index): Finding[] => {
    const flag = flags.find((one) => namesFlag(item, one, style))
    if (flag === undefined) return []
    const message = `${flag} is set for model.${key}`
    const hint = `leave it out, or leave model.${key} out and write the flag here`
    return [{ kind: 'problem', path: ['serving', 'extraArguments', index], part: 'value', message, hint }]
  })
}

function problem(key: ModelSettingKey, part: Finding['part'], message: string, hint: string): Finding {
  return { kind: 'problem', path: ['model', key], part, message, hint }
}
