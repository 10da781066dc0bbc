import { nearestName } from '../../lib/suggest.ts'
import type { Deployment, Refusal } from './engine.ts'
import { type NameHistory, type NameStanding, standingBy, standingOf } from './name-history.ts'
import { hasOwnSoftware } from './own-software.ts'

/** Names that the command line of an engine knows. */
export interface EngineNames {
  toolCallParsers: NameHistory
  reasoningParsers: NameHistory
  /** Flags without their dashes. It may hold words that are none: what it lacks is surely no flag. */
  flags: NameHistory
}

/** A name in the arguments of a recipe, and what its engine makes of it. */
interface NameJudgement {
  path: string
  what: string
  name: string
  standing: NameStanding
}

/** Refuses parsers and flags that the locked version surely lacks. */
export function nameRefusals(deployment: Deployment, names: EngineNames): Refusal[] {
  const { engine, version } = deployment
  if (hasOwnSoftware(deployment)) return []
  return judge(deployment, names).flatMap(({ path, what, name, standing }) => {
    if (standing.type !== 'absent') return []
    const near = nearestName(name, standing.names)
    const has = what === 'flag' ? '' : ` It has ${[...standing.names].sort().join(', ')}.`
    const prefix = what === 'flag' ? '--' : ''
    return [
      {
        path,
        found: `${engine.title} ${version} has no ${what} "${prefix}${name}"`,
        hint: `${near === undefined ? '' : `did you mean "${prefix}${near}"?`}${has} Take what this version has, or another version (engine.version)`.trim(),
      },
    ]
  })
}

/** What nobody read, and what software of the recipe's own may bring; said once and stopping nothing. */
export function nameDoubts(deployment: Deployment, names: EngineNames): string[] {
  const { engine, version } = deployment
  const isOwn = hasOwnSoftware(deployment)
  return judge(deployment, names).flatMap(({ path, what, name, standing }) => {
    if (standing.type === 'unknown')
      return [
        `${path}: whether ${engine.title} ${version} has the ${what} "${name}" is not known here (lists up to ${standing.newest} were read); its boot tells`,
      ]
    return standing.type === 'absent' && isOwn
      ? [
          `${path}: ${engine.title} ${version} itself has no ${what} "${name}"; whether the recipe’s own software brings it, its boot tells`,
        ]
      : []
  })
}

/** Flags that name a parser, with the table and the flag by which a model brings a parser of its own. */
const parserFlags = [
  {
    flag: 'tool-call-parser',
    what: 'tool-call parser',
    kind: 'toolCallParsers',
    plugin: 'tool-parser-plugin',
  },
  {
    flag: 'reasoning-parser',
    what: 'reasoning parser',
    kind: 'reasoningParsers',
    plugin: 'reasoning-parser-plugin',
  },
] as const

function judge({ recipe, version }: Deployment, names: EngineNames): NameJudgement[] {
  const items = recipe.serving.extraArguments
  const flags = items.map(flagOf)
  return items.flatMap((item, index) => {
    const flag = flags[index]
    if (flag === undefined) return []
    const path = `serving.extraArguments.${index}`
    const standing = standingBy((known) => isSpelling(flag, known), version, names.flags)
    const parser = parserFlags.find((one) => one.flag === flag)
    const value = item.includes('=') ? item.slice(item.indexOf('=') + 1) : items[index + 1]
    if (parser === undefined || value === undefined || flags.includes(parser.plugin))
      return [{ path, what: 'flag', name: flag, standing }]
    const place = item.includes('=') ? path : `serving.extraArguments.${index + 1}`
    const ofParser = {
      what: parser.what,
      name: value,
      standing: standingOf(value, version, names[parser.kind]),
    }
    return [
      { path, what: 'flag', name: flag, standing },
      { path: place, ...ofParser },
    ]
  })
}

/** The name of a long flag as argparse compares it: no value, dashes alone, and a key of a dotted one without its dots. */
function flagOf(item: string): string | undefined {
  const [, name] = /^--([A-Za-z][\w-]*)(?:[.=]|$)/.exec(item) ?? []
  return name?.replaceAll('_', '-')
}

/** argparse takes beginnings of flags, and a switch has a second form that says the opposite. */
function isSpelling(flag: string, known: string): boolean {
  return known.startsWith(flag) || (isSwitch.test(flag) && plain(known).startsWith(plain(flag)))
}

const isSwitch = /^((no|enable|disable)-)+/

function plain(name: string): string {
  return name.replace(isSwitch, '')
}
