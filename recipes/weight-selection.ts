import { matchesPattern } from './glob.ts'
import type { SkippedFile } from './locked-weights.ts'
import { isImatrixName } from './model-facts/gguf-files.ts'
import {
  isAdapter,
  isConsolidated,
  isTrainingState,
  placeOf,
  type WeightFormat,
  weightName,
} from './weight-names.ts'
import { hasModelIn, type Neighbours, namesBeside, neighboursOf } from './weight-neighbours.ts'
import { sortFiles } from './weights.ts'

/** What ingot itself writes where recipe and weights share a folder: a lock cannot hold its own size. */
const ownFiles = /\.lock\.json(\.[\d-]+\.part)?$|(^|\/)\.ingot\//

export interface Patterns {
  include?: readonly string[] | undefined
  exclude?: readonly string[] | undefined
}

/** Whether the patterns of a recipe let a path pass. Files of ingot's own never do. */
export function isWanted(path: string, { include, exclude }: Patterns): boolean {
  return (
    !ownFiles.test(path) &&
    (include?.some((pattern) => matchesPattern(path, pattern)) ?? true) &&
    !exclude?.some((pattern) => matchesPattern(path, pattern))
  )
}

/** Whether `include` names a file by its full path: such a file is always taken. */
export function isNamed(path: string, { include }: Patterns): boolean {
  return include?.includes(path) ?? false
}

/**
 * Which files of a source are taken for an engine that loads `formats`. Patterns are the Hub's (`*` also crosses slashes). A
 * file that `include` names by its full path is always taken, but for files of ingot's own, which are not listed at all. Of
 * the others each is judged by itself, by stem and folder, and what is left out is listed with the reason.
 */
export function pickFiles<File extends { path: string; sizeBytes: number }>(
  files: readonly File[],
  patterns: Patterns,
  formats: readonly WeightFormat[],
): { taken: File[]; skipped: SkippedFile[] } {
  const candidates = sortFiles(files).filter((file) => isWanted(file.path, patterns))
  const neighbours = neighboursOf(
    candidates.map((file) => file.path),
    formats,
  )
  const namesFolder = (folder: string) => patterns.include?.some((one) => one.startsWith(folder)) ?? false
  const reasonFor = (path: string) =>
    isNamed(path, patterns) ? undefined : skipReason(path, neighbours, namesFolder)
  return partition(candidates, reasonFor)
}

/** Files without a reason are taken, the others are listed with it. */
export function partition<File extends { path: string; sizeBytes: number }>(
  files: readonly File[],
  reasonFor: (path: string) => string | undefined,
): { taken: File[]; skipped: SkippedFile[] } {
  const judged = files.map((file) => ({ file, reason: reasonFor(file.path) }))
  return {
    taken: judged.flatMap(({ file, reason }) => (reason === undefined ? [file] : [])),
    skipped: judged.flatMap(({ file: { path, sizeBytes }, reason }) =>
      reason === undefined ? [] : [{ path, sizeBytes, reason }],
    ),
  }
}

interface Rule {
  reason: string
  /** Rules about a whole folder give way to a pattern of `include` that names the folder. */
  isOfFolder?: true
  applies(path: string, neighbours: Neighbours): boolean
}

/** Files that no server reads: what the Hub shows to people, and what version control and other programs keep of their own. */
const notWeights =
  /(^|\/)(\.gitattributes|\.gitmodules|\.lfsconfig|\.gitignore|\.DS_Store|README\.md|Thumbs\.db|desktop\.ini|\.(msc|mdl|mv))$|(^|\/)(\.(git|cache|huggingface\/download|ipynb_checkpoints|_+temp)|__MACOSX|wandb|__pycache__|node_modules|\.?venv|\.vscode|\.idea|\.(mypy|pytest|ruff)_cache)\//i

/** macOS keeps such a file beside each other one on disks that cannot hold what it knows of it (lmstudio-bug-tracker#486). */
const macSidecar = /(^|\/)\._[^/]+$/

/** Folders in which exporters of other runtimes leave the model of the folder above. */
const exportFolder = /^(.*\/)?(onnx|openvino|coreml|tflite|metal)\//i
const exportedWeights = /\.(onnx|onnx_data(_\d+)?|onnx\.data|bin|xml|tflite|mlmodel|mlpackage|weights)$/i
const exportPackage = /\.mlpackage\//i

/** What a browser, a fetcher or an editor leaves of a file that is not there yet, or stands for one in use. */
const unfinished =
  /\.(part|partial|incomplete|crdownload|opdownload|download|filepart|aria2|tmp|temp|swp|lock)$|~$/i

/** Forms that are told by their whole name, in the folder of the model itself. */
const foreignForm =
  /(^|\/)(openvino_[^/]*\.(bin|xml)|saved_model\.pb|variables\/variables\.[^/]+|ggml-[^/]+\.bin|params_shard_\d+\.bin|[^/]+\.(tflite|mlmodel|pdparams|pdiparams|pdmodel|ckpt\.(data-[^/]+|index|meta)))$/i

/** Folders in which trainers keep what they had at a step. */
const trainingFolder =
  /^(.*?\/)?(checkpoints?[-_]?\d+|checkpoints?\/[^/]+|(global_?)?(epoch|step|iter)[-_]?\d+)\//i

/** Folders that are named by a precision and nothing else; servers read the weights of the folder they are given. */
const precisionFolder =
  /^(.*\/)?((b|nv|mx)?fp(4|6|8|16|32)|bf16|float(16|32)|half|u?int[48]|[48]-?bits?|awq|gptq|bnb)\//i

const archive = /\.(zip|7z|rar|tar|tgz|txz|tar\.(gz|xz|bz2|zst))$/i

/** Films and papers anywhere; pictures where people put those of a README: a model's own code may read others. */
const forPeople =
  /\.(pdf|pptx?|docx?|mp4|mov|webm|gif|svg)$|^((assets?|docs?|figs?|figures?|images?|imgs?|media|pics?|pictures|resources?|static)\/)?[^/]+\.(png|jpe?g|webp|avif)$/i

/** The first that applies gives the reason. Each says only what its condition has looked at. */
const rules: readonly Rule[] = [
  { reason: 'not read by any server', applies: (path) => notWeights.test(path) || macSidecar.test(path) },
  { reason: 'an unfinished download or a temporary file', applies: (path) => unfinished.test(path) },
  { reason: 'state of a training run, which no server reads', applies: isTrainingState },
  {
    reason: 'a checkpoint of the training beside the model',
    isOfFolder: true,
    applies: (path, all) => hasModel(trainingFolder.exec(path), all),
  },
  {
    reason: 'an archive, and no server here unpacks one',
    applies: (path, all) => archive.test(path) && hasSomeModel(all),
  },
  {
    reason: 'a table of data beside the model, which no server reads',
    applies: (path, all) => /\.(parquet|arrow)$/i.test(path) && hasSomeModel(all),
  },
  {
    reason: 'a picture, a film or a paper beside the model, for people to look at',
    applies: (path, all) => forPeople.test(path) && hasSomeModel(all),
  },
  { reason: 'an importance matrix, which only quantising reads', applies: isImatrixName },
  {
    reason: 'this engine loads the GGUF that is there, and no other format',
    applies: (path, { hasGguf, formats }) => formats.includes('gguf') && hasGguf && isTensorFile(path),
  },
  {
    reason: 'this engine loads the weights of transformers that are there, and no GGUF',
    applies: (path, all) => /\.gguf$/i.test(path) && !all.formats.includes('gguf') && hasModelIn('', all),
  },
  {
    reason: 'this engine loads the ggml file that is there, and no other format',
    applies: (path, { hasGgml, formats }) =>
      formats.includes('ggml') && hasGgml && isTensorFile(path) && !/\.bin$/i.test(path),
  },
  {
    reason: 'the same weights in their original format',
    isOfFolder: true,
    applies: (path, all) => hasModel(/^()original\//.exec(path), all),
  },
  {
    reason: 'the model in another precision, in a folder of its own',
    isOfFolder: true,
    applies: (path, all) => hasModel(precisionFolder.exec(path), all),
  },
  {
    reason: 'an export of the model for another runtime',
    isOfFolder: true,
    applies: (path, all) =>
      ((exportedWeights.test(path) || exportPackage.test(path)) && hasModel(exportFolder.exec(path), all)) ||
      (foreignForm.test(path) && !all.formats.includes('ggml') && hasModelIn('', all)),
  },
  {
    reason: 'an archive of NeMo, and no server here reads those',
    applies: (path, all) => /\.nemo$/i.test(path) && hasModelIn(placeOf(path).folder, all),
  },
  { reason: 'the same weights in one consolidated file', applies: isConsolidatedTwin },
  { reason: 'a second precision of the weights beside it', applies: isSecondPrecision },
  {
    reason: 'the same weights are there as safetensors',
    applies: (path, all) => hasTwin(path, all, ['safetensors']),
  },
  {
    reason: 'the same weights are there as .bin',
    applies: (path, all) => !/\.bin(\.|$)/.test(path) && hasTwin(path, all, ['bin']),
  },
]

/** Why a file is not taken although the patterns allow it, or undefined. `isNamed` tells of a folder that a pattern names. */
function skipReason(
  path: string,
  neighbours: Neighbours,
  isNamed: (folder: string) => boolean,
): string | undefined {
  return rules.find(
    ({ applies, isOfFolder }) =>
      applies(path, neighbours) && !(isOfFolder && isNamed(path.slice(0, path.indexOf('/') + 1))),
  )?.reason
}

/** Whether the listing has a model for the engine at all. */
function hasSomeModel(all: Neighbours): boolean {
  return hasModelIn('', all) || all.hasGguf || all.hasGgml
}

/** Whether the folder above the one that was matched has a model. */
function hasModel(match: RegExpExecArray | null, all: Neighbours): boolean {
  return match !== null && hasModelIn(match[1] ?? '', all)
}

function isTensorFile(path: string): boolean {
  return weightName(path) !== undefined || /\.nemo$/i.test(path)
}

function isConsolidatedTwin(path: string, all: Neighbours): boolean {
  const name = weightName(path)
  if (name === undefined || !isConsolidated(name)) return false
  return namesBeside(name, all).some(
    (other) => other.extension === 'safetensors' && !isConsolidated(other) && !isAdapter(other),
  )
}

function isSecondPrecision(path: string, all: Neighbours): boolean {
  const name = weightName(path)
  if (name?.precision === undefined) return false
  return namesBeside(name, all).some(
    (other) => other.extension === 'safetensors' && other.stem === name.stem && other.precision === undefined,
  )
}

/** Whether files of the same stem lie in the same folder in one of the formats, and the file itself has another. */
function hasTwin(path: string, all: Neighbours, extensions: readonly string[]): boolean {
  const name = weightName(path)
  if (name === undefined || extensions.includes(name.extension) || name.extension === 'safetensors')
    return false
  return namesBeside(name, all).some(
    (other) =>
      extensions.includes(other.extension) && other.stem === name.stem && other.precision === name.precision,
  )
}
