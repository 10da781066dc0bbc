import { nearestName } from '../../lib/suggest.ts'
import type { Deployment, Refusal } from './engine.ts'
import {
  type NameHistory,
  type NameStanding,
  namesByVersion,
  standingBy,
  standingOf,
} from './name-history.ts'
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
    const several = what === 'flag' ? ambiguousFlags(name, version, names) : []
    if (several.length > 0)
      return [
        `${path}: ${engine.title} ${version} has no flag "--${name}" but several that begin so (${several.slice(0, 4).join(', ')}): write one of them out`,
      ]
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
    const standing = standingBy((known, all) => isSpelling(flag, known, all), version, names.flags)
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

/**
 * argparse takes beginnings of flags, and a switch has a second form that says the opposite: `--no-x`, and from vLLM 0.33.0 on,
 * whose source has both beginnings as words, `--disable-x` for `--enable-x` and the other way round (`EnableDisableAction`).
 */
function isSpelling(flag: string, known: string, all: readonly string[]): boolean {
  if (known.startsWith(flag) || (flag.startsWith('no-') && known.startsWith(flag.slice(3)))) return true
  if (!all.includes('enable-') || !all.includes('disable-')) return false
  const plain = flag.replace(/^no-/, '')
  const other = plain.startsWith('enable-')
    ? plain.replace('enable-', 'disable-')
    : plain.replace(/^disable-/, 'enable-')
  return other !== plain && known.startsWith(other)
}

/** Flags that begin so, where argparse takes none because there are several. */
function ambiguousFlags(flag: string, version: string, { flags }: EngineNames): readonly string[] {
  const names = namesByVersion(flags).find((one) => one.version === version)?.names ?? []
  const matches = names.filter((name) => name.startsWith(flag))
  return names.includes(flag) || matches.length < 2 ? [] : matches
}
