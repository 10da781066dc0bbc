import type { GGUFParseOutput } from '@huggingface/gguf'
import { IngotError, messageOf } from '../../lib/error.ts'
import { parsePythonJson } from '../../lib/python-json.ts'
import {
  ggufBeginProblem,
  ggufProblem,
  ggufSplitProblem,
  ggufUnusable,
  isLfsPointer,
  isNeededJson,
  isNeverEmpty,
  isPage,
  jsonEndProblem,
  jsonFormProblem,
  jsonProblem,
  misplacedTensors,
  mostPageBytes,
  mostPointerBytes,
  pageProblem,
  pointerProblem,
  safetensorsProblem,
} from '../../recipes/file-soundness.ts'
import type { LockedFile, LockedWeights } from '../../recipes/locked-weights.ts'
import { isConfig } from '../../recipes/model-facts/config-value.ts'
import { ggmlTensorBytes } from '../../recipes/model-facts/ggml.ts'
import { strayAdapters, tensorCopies } from '../../recipes/tensor-copies.ts'
import { type GgufKind, missingShards } from '../../recipes/weight-contents.ts'
import { isModelWeights, placeOf, weightName } from '../../recipes/weight-names.ts'
import { WeightsError } from '../weights/error.ts'
import { mapLimited } from '../weights/limit.ts'
import type { OpenWeights } from '../weights/source.ts'
import { type ReadHeader, readModelRange, safetensorsHeader } from './model-ranges.ts'

/** Names of shards and kinds of GGUF files, as indexes and headers tell them. */
export interface ReadContents {
  shards: ReadonlyMap<string, readonly string[]>
  /** The maps of tensors to files that indexes hold, by the path of the index. */
  weightMaps: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  gguf: ReadonlyMap<string, GgufKind>
}

/** Larger JSON, as some tokenizers are, is looked at where it begins and ends. */
const mostParsedBytes = 4 * 1024 ** 2

/** Headers by path, as they were read for the check. */
export type HeadersByPath = ReadonlyMap<string, ReadHeader>

/**
 * Looks for what makes a server fail that starts with these files: shards that are missing, pointers of Git LFS, files that
 * are empty or were cut. Reads small files, headers and ends; no tensor. Throws `refused` with every problem.
 */
export async function requireComplete(
  weights: LockedWeights,
  source: OpenWeights,
  contents: ReadContents,
): Promise<HeadersByPath> {
  const headers = new Map<string, ReadHeader>()
  const problems = await mapLimited(weights.files, 8, async (file) => {
    const problem = await problemOf(source, file, headers)
    return problem === undefined ? [] : [`${file.path} ${problem}`]
  })
  const missing = missingShards(
    weights.files.map(({ path }) => path),
    contents,
  )
  const all = [
    ...missing,
    ...problems.flat(),
    ...(await namelessConfig(weights, source)),
    ...misplacedIn(contents, headers),
    ...tensorCopies(headers, contents),
    ...strayAdapters(headers, contents),
  ]
  if (all.length > 0) throw incomplete(all)
  return headers
}

/** Every loader of transformers asks one of the two what to build. */
async function namelessConfig({ files }: LockedWeights, source: OpenWeights): Promise<string[]> {
  const config = files.find(({ path }) => path === 'config.json')
  const isForTransformers = files.some(
    ({ path }) => !path.includes('/') && isModelWeights(path, ['safetensors', 'pytorch']),
  )
  if (config === undefined || !isForTransformers || config.sizeBytes > mostPageBytes) return []
  const value = await readJson(source, config).catch(() => undefined)
  const names = isConfig(value) ? [value['model_type'], value['architectures']] : ['unread']
  return names.every((name) => name === undefined || name === null)
    ? ['config.json names neither model_type nor architectures, so no engine knows what to load']
    : []
}

function misplacedIn({ weightMaps }: ReadContents, headers: HeadersByPath): string[] {
  return [...weightMaps].flatMap(([index, map]) => {
    const { folder } = placeOf(index)
    const ofFolder = [...headers].filter(([path]) => path.startsWith(folder))
    const names = new Map(ofFolder.map(([path, { header }]) => [path.slice(folder.length), header]))
    return misplacedTensors(map, names).map((words) => `${folder}${words}, which ${index} places there`)
  })
}

async function problemOf(
  source: OpenWeights,
  file: LockedFile,
  headers: Map<string, ReadHeader>,
): Promise<string | undefined> {
  const { path, sizeBytes } = file
  if (sizeBytes === 0) return isNeverEmpty(path) ? 'is empty' : undefined
  if (sizeBytes <= mostPointerBytes || (sizeBytes <= mostPageBytes && isNeverEmpty(path))) {
    const head = await readModelRange(source, file, 0, Math.min(sizeBytes, mostPointerBytes))
    if (sizeBytes <= mostPointerBytes && isLfsPointer(head)) return pointerProblem
    if (isNeverEmpty(path) && isPage(head)) return pageProblem
  }
  if (isNeededJson(path)) return jsonProblemOf(source, file)
  if (/\.safetensors$/.test(path)) return safetensorsProblemOf(source, file, headers)
  if (/\.gguf$/i.test(path)) return ggufBeginProblem(await readModelRange(source, file, 0, 8))
  return /\.bin$/.test(path) ? binProblemOf(source, file) : undefined
}

async function jsonProblemOf(source: OpenWeights, file: LockedFile): Promise<string | undefined> {
  const { path, sizeBytes } = file
  const textAt = async (offset: number, length: number) =>
    Buffer.from(await readModelRange(source, file, offset, length)).toString('utf8')
  const isSmall = sizeBytes <= mostParsedBytes
  const head = await textAt(0, isSmall ? sizeBytes : 64)
  const problem = isSmall ? jsonProblem(head) : jsonEndProblem(head, await textAt(sizeBytes - 64, 64))
  return problem ?? jsonFormProblem(path, head)
}

async function safetensorsProblemOf(
  source: OpenWeights,
  file: LockedFile,
  headers: Map<string, ReadHeader>,
): Promise<string | undefined> {
  try {
    const read = await safetensorsHeader(source, file)
    headers.set(file.path, read)
    return safetensorsProblem(read.header, read.headerBytes, file.sizeBytes)
  } catch (error) {
    if (error instanceof IngotError) throw error
    const head = Buffer.from(await readModelRange(source, file, 0, 4)).toString('latin1')
    const form = { 'PK\x03\x04': 'an archive of PyTorch', GGUF: 'a GGUF file' }[head]
    if (form !== undefined) return `is ${form} under the name of another form: give it its own name`
    if (file.sizeBytes <= mostPointerBytes && (await isText(source, file)))
      return 'is a short text and not the file: what another program than git writes in its place (DVC, git-annex, Xet)'
    return error instanceof SyntaxError
      ? 'has a safetensors header that is no JSON'
      : messageOf(error).replace(`${file.path} `, '')
  }
}

async function isText(source: OpenWeights, file: LockedFile): Promise<boolean> {
  const text = Buffer.from(await readModelRange(source, file, 0, file.sizeBytes)).toString('utf8')
  // Letters, marks of punctuation and ends of lines, and nothing else.
  return /^[\t\n\r\x20-\x7e]+$/.test(text)
}

/** PyTorch writes a zip archive, whose directory is its end. Older files are pickles, which do not tell their length. */
async function binProblemOf(source: OpenWeights, file: LockedFile): Promise<string | undefined> {
  const textAt = async (offset: number, length: number) =>
    Buffer.from(await readModelRange(source, file, offset, length)).toString('latin1')
  const head = await textAt(0, 4)
  if (head !== 'PK\x03\x04')
    return weightName(file.path)?.stem === 'model' && !head.startsWith('\x80')
      ? 'is no file of PyTorch, which begins as a zip archive or a pickle does (CTranslate2 has the same name)'
      : undefined
  const end = Math.max(0, file.sizeBytes - 65_557)
  return (await textAt(end, file.sizeBytes - end)).includes('PK\x05\x06')
    ? undefined
    : 'has no end of its archive: it was cut'
}

/** Throws `refused` where the last tensor of a GGUF file ends behind the file. */
export function requireWholeGguf(file: LockedFile, parsed: GGUFParseOutput): void {
  const unusable =
    ggufUnusable(file.path, Number(parsed.metadata.version), parsed.tensorInfos.length) ??
    ggufSplitProblem(file.path, { ...parsed.metadata })
  if (unusable !== undefined) throw incomplete([`${file.path} ${unusable}`])
  const ends = parsed.tensorInfos.map(
    ({ dtype, shape, offset }) => Number(offset) + (ggmlTensorBytes(dtype, shape.map(Number)) ?? 0),
  )
  const last = ends.reduce((most, end) => Math.max(most, end), 0)
  const problem = ggufProblem(Number(parsed.tensorDataOffset) + last, file.sizeBytes)
  if (problem !== undefined) throw incomplete([`${file.path} ${problem}`])
}

/** The value of a JSON file. Throws `refused` for what is none. */
export async function readJson(source: OpenWeights, file: LockedFile): Promise<unknown> {
  const bytes = await readModelRange(source, file, 0, file.sizeBytes)
  const text = Buffer.from(bytes).toString('utf8')
  const problem = isLfsPointer(bytes) ? pointerProblem : jsonProblem(text)
  if (problem !== undefined) throw incomplete([`${file.path} ${problem}`])
  return parsePythonJson(text)
}

export function incomplete(problems: readonly string[]): WeightsError {
  const more = problems.length > 20 ? [`and ${problems.length - 20} more`] : []
  const isPointer = problems.some((words) => words.endsWith(pointerProblem))
  return new WeightsError('refused', {
    attempted: 'check that the weights are complete',
    found: [...problems.slice(0, 20), ...more].join('\n  '),
    hint: isPointer
      ? 'run `git lfs pull` in the clone that the files come from, then lock again'
      : 'get the files again from where the model came from; if patterns of the recipe leave them out, correct `include` and `exclude`',
  })
}
