import { IngotError } from '../../lib/error.ts'
import type { LockedFile, LockedWeights } from '../../recipes/locked-weights.ts'
import { isGguf } from '../../recipes/model-facts/gguf-files.ts'
import { type GgufKind, ggufKindOf, ggufModelsAmong, pickByContents } from '../../recipes/weight-contents.ts'
import { placeOf } from '../../recipes/weight-names.ts'
import type { Patterns } from '../../recipes/weight-selection.ts'
import { setDigestOf, sortFiles } from '../../recipes/weights.ts'
import { mapLimited } from '../weights/limit.ts'
import { formatsOf, type OpenWeights, type SourceContext } from '../weights/source.ts'
import { incomplete, type ReadContents, readJson } from './completeness.ts'
import { ggufHeader } from './model-ranges.ts'

/** Reads indexes, and the headers of GGUF files where names leave a choice. Throws `refused` for an index that cannot be read. */
export async function readContents(
  weights: LockedWeights,
  source: OpenWeights,
  context: SourceContext,
): Promise<ReadContents> {
  const indexes = weights.files.filter(({ path }) => /\.(safetensors|bin)\.index\.json$/.test(path))
  const weightMaps = new Map(
    await mapLimited(indexes, 8, async (file) => [file.path, await weightMapOf(source, file)] as const),
  )
  const shards = [...weightMaps].map(
    ([index, map]) =>
      [
        index,
        [...new Set(Object.values(map).map((name) => `${placeOf(index).folder}${String(name)}`))].sort(),
      ] as const,
  )
  return { weightMaps, shards: new Map(shards), gguf: await ggufKinds(weights.files, source, context) }
}

async function weightMapOf(
  source: OpenWeights,
  file: LockedFile,
): Promise<Readonly<Record<string, unknown>>> {
  const index = await readJson(source, file)
  // Any member may be absent: what is read is checked here.
  const map = (index as { weight_map?: unknown } | null)?.weight_map
  if (map === null || typeof map !== 'object')
    throw incomplete([`${file.path} is an index without weight_map`])
  const entries = Object.entries(map)
  const nameless = entries.find(([, name]) => typeof name !== 'string' || name === '')
  if (entries.length === 0 || nameless !== undefined)
    throw incomplete([
      `${file.path} is an index that names no file${nameless === undefined ? '' : ` for ${nameless[0]}`}`,
    ])
  return map as Readonly<Record<string, unknown>>
}

/** Larger choices are refused by the plan, which says how to choose. */
const mostReadHeaders = 8

/** Kinds of the GGUF files whose names leave more than one model to choose from. */
async function ggufKinds(
  files: readonly LockedFile[],
  source: OpenWeights,
  context: SourceContext,
): Promise<Map<string, GgufKind>> {
  if (!formatsOf(context).includes('gguf')) return new Map()
  const models = ggufModelsAmong(
    files.map(({ path }) => path),
    { gguf: new Map() },
  )
  if (models.length < 2 || models.length > mostReadHeaders) return new Map()
  const candidates = files.filter(({ path }) => models.includes(path) && isGguf(path))
  return new Map(
    await mapLimited(candidates, 4, async (file) => {
      return [file.path, await kindOf(source, file)] as const
    }),
  )
}

/** A file whose header cannot be read counts as what its name says; it is refused where its whole header is needed. */
async function kindOf(source: OpenWeights, file: LockedFile): Promise<GgufKind> {
  try {
    const { metadata } = await ggufHeader(source, file)
    return ggufKindOf({ ...metadata })
  } catch (cause) {
    if (cause instanceof IngotError) throw cause
    return 'model'
  }
}

/** Weights without the files that their contents show not to be needed; those are listed with the reason. */
export function pickWeights(
  weights: LockedWeights,
  contents: ReadContents,
  selection: { patterns: Patterns; context: SourceContext },
): LockedWeights {
  const { patterns, context } = selection
  const { taken, skipped } = pickByContents(weights.files, {
    ...contents,
    patterns,
    formats: formatsOf(context),
  })
  if (skipped.length === 0) return weights
  return {
    ...weights,
    files: taken,
    setDigest: setDigestOf(taken),
    skipped: sortFiles([...(weights.skipped ?? []), ...skipped]),
  }
}
