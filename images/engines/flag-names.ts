import { nearestName } from '../../lib/suggest.ts'
import type { Deployment, Refusal } from './engine.ts'
import { type NameHistory, type NameStanding, standingBy, standingOf } from './name-history.ts'
import { hasOwnSoftware } from './own-software.ts'

/** A flag or a variable that stands in a recipe, and what the version of its engine makes of it. */
interface FlagJudgement {
  path: string
  what: 'flag' | 'variable'
  name: string
  standing: NameStanding
}

/** Names for servers that compare whole words. Flags have their dashes where those of one letter are among them. */
export interface FlagNames {
  flags: NameHistory
  /** Variables that stand for flags, all with one beginning. */
  variables?: { prefix: string; names: NameHistory }
}

/** Refuses flags that the locked version surely lacks, and variables that it would not read. */
export function flagRefusals(deployment: Deployment, names: FlagNames): Refusal[] {
  const { engine, version } = deployment
  if (hasOwnSoftware(deployment)) return []
  return judge(deployment, names).flatMap(({ path, what, name, standing }) => {
    if (standing.type !== 'absent') return []
    const near = nearestName(name, standing.names)
    const meant = near === undefined ? '' : `did you mean "${near}"? `
    return [
      {
        path,
        found: `${engine.title} ${version} has no ${what} "${name}"`,
        hint: `${meant}Take what this version has, or another version (engine.version)`,
      },
    ]
  })
}

/** What nobody read, and what software of the recipe's own may bring; said once and stopping nothing. */
export function flagDoubts(deployment: Deployment, names: FlagNames): string[] {
  const { engine, version } = deployment
  return judge(deployment, names).flatMap(({ path, what, name, standing }) => {
    if (standing.type === 'unknown')
      return [
        `${path}: whether ${engine.title} ${version} has the ${what} "${name}" is not known here (lists up to ${standing.newest} were read); its boot tells`,
      ]
    return standing.type === 'absent' && hasOwnSoftware(deployment)
      ? [
          `${path}: ${engine.title} ${version} itself has no ${what} "${name}"; whether the recipe’s own software has it, its boot tells`,
        ]
      : []
  })
}

function judge({ recipe, version }: Deployment, { flags, variables }: FlagNames): FlagJudgement[] {
  const { extraArguments, environment } = recipe.serving
  const ofFlags = extraArguments.flatMap((item, index): FlagJudgement[] => {
    const [name] = /^(--[A-Za-z][\w.-]*|-[A-Za-z][A-Za-z-]*)/.exec(item) ?? []
    if (name === undefined) return []
    const path = `serving.extraArguments.${index}`
    return [{ path, what: 'flag', name, standing: standingBy((one) => isFlag(name, one), version, flags) }]
  })
  if (variables === undefined) return ofFlags
  const { prefix, names } = variables
  const ofVariables = Object.keys(environment)
    .filter((name) => name.startsWith(prefix))
    .map((name): FlagJudgement => {
      // A switch has a second variable that says the opposite.
      const positive = name.replace(`${prefix}NO_`, prefix)
      const standing = standingOf(name, version, names)
      const standings = [standing, standingOf(positive, version, names)]
      const known = standings.find(({ type }) => type === 'known')
      return { path: `serving.environment.${name}`, what: 'variable', name, standing: known ?? standing }
    })
  return [...ofFlags, ...ofVariables]
}

/** Underscores and dashes are one in long flags; a list without dashes holds long flags alone. */
function isFlag(name: string, known: string): boolean {
  if (!name.startsWith('--')) return name === known || !known.startsWith('-')
  const spelt = name.replaceAll('_', '-')
  return spelt === known || spelt === `--${known}`
}
