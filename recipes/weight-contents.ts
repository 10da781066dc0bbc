import type { SkippedFile } from './locked-weights.ts'
import { ggufShards, isGguf, isGgufModel, isProjectorName } from './model-facts/gguf-files.ts'
import { placeOf, shardNumber, type WeightFormat, type WeightName, weightName } from './weight-names.ts'
import { isNamed, type Patterns, partition } from './weight-selection.ts'

/** What the header of a GGUF file says that it is. */
export type GgufKind = 'model' | 'projector' | 'imatrix' | 'adapter' | 'control vector'

/** What names do not tell of files: read from indexes and headers. */
export interface WeightContents {
  /** Files that an index names, by the path of the index. */
  shards: ReadonlyMap<string, readonly string[]>
  /** Kinds by path, of those GGUF files whose header was read. */
  gguf: ReadonlyMap<string, GgufKind>
}

interface SelectionFacts extends WeightContents {
  patterns: Patterns
  formats: readonly WeightFormat[]
}

/** Kind of a GGUF file: by its header where that was read, else by its name. */
export function ggufKind(path: string, { gguf }: Pick<WeightContents, 'gguf'>): GgufKind {
  return gguf.get(path) ?? (isProjectorName(path) ? 'projector' : 'model')
}

/** The kind that metadata of a GGUF tells. */
export function ggufKindOf(metadata: Readonly<Record<string, unknown>>): GgufKind {
  const type = metadata['general.type']
  const architecture = metadata['general.architecture']
  if (type === 'imatrix' || architecture === 'imatrix') return 'imatrix'
  if (type === 'adapter') return 'adapter'
  if (architecture === 'controlvector') return 'control vector'
  return type === 'mmproj' || architecture === 'clip' ? 'projector' : 'model'
}

/** Files of a listing once more, with what was read: shards that no index names, importance matrices, spare projectors. */
export function pickByContents<File extends { path: string; sizeBytes: number }>(
  files: readonly File[],
  judging: SelectionFacts,
): { taken: File[]; skipped: SkippedFile[] } {
  const projector = projectorOf(
    files.map(({ path }) => path),
    judging,
  )
  const hasModel = [...judging.gguf.values()].includes('model')
  return partition(files, (path) =>
    isNamed(path, judging.patterns) ? undefined : reasonOf(path, judging, { projector, hasModel }),
  )
}

interface PassedGguf {
  projector: string | undefined
  /** Whether the header of one file says that it is a model. */
  hasModel: boolean
}

function reasonOf(
  path: string,
  judging: SelectionFacts,
  { projector, hasModel }: PassedGguf,
): string | undefined {
  if (!isGguf(path)) return unnamedReason(path, judging)
  if (!judging.formats.includes('gguf')) return undefined
  const kind = ggufKind(path, judging)
  if (kind === 'imatrix') return 'an importance matrix, which only quantising reads'
  if (kind === 'adapter' && hasModel) return 'an adapter by its header: `parts` of a recipe name adapters'
  if (kind === 'control vector' && hasModel)
    return 'a control vector by its header: `include` takes it by its full path'
  return kind === 'projector' && path !== projector
    ? `one projector is passed to the engine, and it is ${projector}`
    : undefined
}

/** The index of the same folder, stem and precision decides for a shard; for other files it says nothing. */
function unnamedReason(path: string, { shards }: SelectionFacts): string | undefined {
  const name = weightName(path)
  if (name === undefined || name.isIndex) return undefined
  const index = [...shards.keys()].find((one) => {
    const of = weightName(one)
    return of !== undefined && isSameModel(of, name)
  })
  return index === undefined || shards.get(index)?.includes(path)
    ? undefined
    : `${placeOf(index).name} names other files as the model`
}

function isSameModel(one: WeightName, other: WeightName): boolean {
  return (['folder', 'stem', 'precision', 'extension'] as const).every((key) => one[key] === other[key])
}

/** Smaller is better: what llama.cpp's converter writes by default, then what loses nothing, then what is small. */
function projectorRank(path: string): number {
  const words = placeOf(path)
    .name.toLowerCase()
    .split(/[^a-z0-9_]+/)
  const rank = ['f16', 'bf16', 'f32', 'q8_0'].findIndex((word) => words.some((one) => one.endsWith(word)))
  if (words.some((one) => one.endsWith('bf16'))) return 1
  return rank < 0 ? 4 : rank
}

/** The projector that is passed to the engine; of several the one that `include` names, then by precision, then by name. */
export function projectorOf(
  paths: readonly string[],
  { patterns, ...contents }: Pick<SelectionFacts, 'gguf' | 'patterns'>,
): string | undefined {
  const all = paths.filter((path) => isGguf(path) && ggufKind(path, contents) === 'projector')
  const named = all.filter((path) => isNamed(path, patterns))
  return [...(named.length > 0 ? named : all)].sort(
    (a, b) => projectorRank(a) - projectorRank(b) || (a < b ? -1 : 1),
  )[0]
}

/** Models among GGUF files: single files and first shards. */
export function ggufModelsAmong(paths: readonly string[], contents: Pick<WeightContents, 'gguf'>): string[] {
  return paths.filter((path) => {
    const kind = contents.gguf.get(path)
    return kind === undefined ? isGgufModel(path) : kind === 'model'
  })
}

/** Shards that an index or the number in a name asks for, and that are not among the files; one line each. */
export function missingShards(
  paths: readonly string[],
  { shards }: Pick<WeightContents, 'shards'>,
): string[] {
  const all = new Set(paths)
  const named = [...shards].flatMap(([index, names]) =>
    names
      .filter((name) => !all.has(name))
      .map((name) => `${name} is missing, and ${index} names it${otherCase(name, paths)}`),
  )
  const indexed = new Set([...shards.values()].flat())
  // One of each set: with all of them, a thousand shards would be a million names.
  const sets = new Map(
    paths
      .filter((path) => !indexed.has(path))
      .toReversed()
      .map((path) => [path.replace(/-\d+(?=-of-\d+\.[a-z]+$)/i, ''), path]),
  )
  const numbered = [...sets.values()]
    .flatMap((path) => siblingsOf(path, all).map((shard) => ({ path, shard })))
    .filter(({ shard }) => !all.has(shard))
    .map(({ path, shard }) => [shard, `${shard} is missing, one of the shards of ${path}`] as const)
  return [...named, ...new Map(numbered).values()]
}

/** Disks of other systems do not tell capital letters from small ones, and those of images do. */
function otherCase(name: string, paths: readonly string[]): string {
  const other = paths.find((path) => path.toLowerCase() === name.toLowerCase())
  return other === undefined ? '' : ` (there is ${other}, in other letters)`
}

/** More is no number of shards. */
const mostShards = 10_000

/** Some writers fill numbers up with zeros, and some count from 0 on: what is there tells. */
function siblingsOf(path: string, all: ReadonlySet<string>): string[] {
  if (isGguf(path)) return ggufShards(path)
  const [found, own = '', total = ''] = /\.(safetensors|bin)$/.test(path)
    ? (shardNumber.exec(path) ?? [])
    : []
  const count = Number(total)
  if (found === undefined || count > mostShards) return []
  const nameOf = (number: number, width: number) =>
    path.replace(found, `-${String(number).padStart(width, '0')}-of-${total}`)
  const isFilled = own.startsWith('0') || all.has(nameOf(1, own.length))
  const width = isFilled ? own.length : 1
  const first = all.has(nameOf(0, width)) ? 0 : 1
  return Array.from({ length: count }, (_, i) => nameOf(first + i, width))
}
