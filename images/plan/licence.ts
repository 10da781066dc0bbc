import type { LockedWeights } from '../../recipes/locked-weights.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { Refusal } from '../engines/engine.ts'
import type { DeployedPart } from '../engines/parts.ts'

/** Licences under which anybody may use and pass on the weights for any purpose, as the Hub writes them. */
const open = new Set(
  'apache-2.0 mit mit-0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear 0bsd isc zlib unlicense wtfpl cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cdla-permissive-1.0 cdla-permissive-2.0 odc-by pddl artistic-2.0 afl-3.0 ecl-2.0 ms-pl ncsa postgresql bsl-1.0 blueoak-1.0.0 mpl-2.0 epl-1.0 epl-2.0 eupl-1.1 eupl-1.2 osl-3.0 gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 agpl-3.0'.split(
    ' ',
  ),
)

const texts: [RegExp, string][] = [
  [/^llama-?2$/, 'https://ai.meta.com/llama/license/'],
  [/^llama-?3$/, 'https://www.llama.com/llama3/license/'],
  [/^llama-?3\.(\d)$/, 'https://www.llama.com/llama3_$1/license/'],
  [/^llama-?4$/, 'https://www.llama.com/llama4/license/'],
  [/^gemma$/, 'https://ai.google.dev/gemma/terms'],
  [/^cc-(by-nc(?:-\w\w)?)-(\d\.\d)$/, 'https://creativecommons.org/licenses/$1/$2/'],
]

/** What a recipe writes when a model is gated and nobody states a licence. */
const unstated = 'gated'

/**
 * Weights that are gated, or whose stated licence has terms of its own, need the licence's name in `model.acceptLicense`.
 * The name and not a mere yes: when a new revision comes under another licence, nobody has accepted that one. What the
 * source states counts beside what the recipe says, so that a recipe cannot state a licence away.
 */
export function licenceRefusals({ model }: Pick<Recipe, 'model'>, weights: LockedWeights): Refusal[] {
  return refusalsOf(model, weights, 'model')
}

/** The same for each part, which has a licence of its own. */
export function partLicenceRefusals(parts: readonly DeployedPart[]): Refusal[] {
  return parts.flatMap(({ part, pinned }, index) =>
    pinned === null ? [] : refusalsOf(part, pinned.weights, `parts.${index}`),
  )
}

type Terms = Pick<Recipe['model'], 'license' | 'acceptLicense'>

function refusalsOf(terms: Terms, weights: LockedWeights, key: string): Refusal[] {
  const stated = [weights.license, terms.license].filter((id) => id !== undefined)
  const restricted = stated.find((id) => !isOpenLicence(id))
  const needed = restricted ?? (weights.gated ? (stated[0] ?? unstated) : undefined)
  if (needed === undefined || sameName(terms.acceptLicense, needed)) return []
  return [
    {
      path: `${key}.acceptLicense`,
      found: foundWords(terms, needed, restricted !== undefined, weights.gated === true),
      hint: `read ${placeOf(needed, weights)}; if you accept its terms for this use, write \`acceptLicense: ${needed}\` under \`${key}\``,
    },
  ]
}

/** True for identifiers that set no conditions on who uses the weights and for what; expressions count by all their parts. */
export function isOpenLicence(id: string): boolean {
  const parts = id
    .toLowerCase()
    .replace(/[()]/g, ' ')
    .trim()
    .split(/\s+(?:and|or|with)\s+/)
  return parts.every((part) => open.has(part.trim().replace(/(?:-only|-or-later|\+)$/, '')))
}

function foundWords(model: Terms, needed: string, isRestricted: boolean, isGated: boolean): string {
  const why = isRestricted
    ? `the licence of the weights is ${needed}, which ${/(^|-)nc(-|$)|non-?commercial/i.test(needed) ? 'forbids commercial use' : 'has terms of its own'}`
    : 'the model is gated: its owner asks for consent to terms'
  const gate = isRestricted && isGated ? ', and the model is gated' : ''
  const accepted = model.acceptLicense === undefined ? 'accepts nothing' : `accepts ${model.acceptLicense}`
  return `${why}${gate}; the recipe ${accepted}`
}

function placeOf(id: string, { source }: LockedWeights): string {
  const known = texts.find(([pattern]) => pattern.test(id.toLowerCase()))
  const text = known && id.toLowerCase().replace(known[0], known[1])
  const card = source.type === 'huggingface' ? `https://huggingface.co/${source.repo}` : undefined
  return [text, card].filter(Boolean).join(' and ') || 'the licence where the weights come from'
}

function sameName(accepted: string | undefined, needed: string): boolean {
  return accepted?.trim().toLowerCase() === needed.trim().toLowerCase()
}

const spdxNames = new Map(
  'Apache-2.0 MIT MIT-0 BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear 0BSD ISC Zlib Unlicense WTFPL CC0-1.0 CC-BY-2.0 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0 CC-BY-NC-SA-4.0 CC-BY-NC-ND-4.0 CC-BY-ND-4.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0 Artistic-2.0 AFL-3.0 ECL-2.0 MS-PL NCSA PostgreSQL BSL-1.0 BlueOak-1.0.0 MPL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 OSL-3.0'
    .split(' ')
    .map((name) => [name.toLowerCase(), name] as const),
)

/** The SPDX identifier of a licence that the Hub writes in small letters; undefined for one that SPDX does not list. */
export function spdxLicence(id: string): string | undefined {
  return spdxNames.get(id.trim().toLowerCase())
}
