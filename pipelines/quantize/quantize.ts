import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { planWeightLayers } from '../../images/weights/layers.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { canonicalJson } from '../../lib/json.ts'
import { optional } from '../../lib/optional.ts'
import type { CalibrationText, QuantizedSource } from '../../recipes/quantization.ts'
import { setDigestOf } from '../../recipes/weights.ts'
import { pulledByDigest } from '../boot/harness.ts'
import { makeFolder } from '../files/make-folder.ts'
import type { Progress } from '../process/progress.ts'
import type { Client } from '../process/session.ts'
import { serveStore } from '../registry-server/server.ts'
import { type RecordKind, recall, remember, touchRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { WeightsError } from '../weights/error.ts'
import { sha256Of } from '../weights/folder.ts'
import { openKnownFile, rememberFiles } from '../weights/known-files.ts'
import { packWeights } from '../weights/pack.ts'
import type { LocalFile, QuantizedMaker, SourceContext } from '../weights/source.ts'
import { sourceFolder, sourceImage } from './source-image.ts'
import { installTool, runQuantizer, type ToolContainer } from './tool.ts'

/** What a quantised file follows from. */
export type QuantizationOrder = Pick<QuantizedSource, 'to' | 'requantize' | 'from' | 'model' | 'tool'> & {
  imatrix?: CalibrationText | undefined
}

/** Where the file belongs: its name, and the folder of the model in the image, by which its layer is packed at once. */
export interface QuantizedPlace {
  path: string
  modelFolder: string
}

export interface QuantizerContext {
  store: Store
  engine(): Promise<Client>
  platform: string
  /** How the source is read, and where the recipe's text lies. */
  source: SourceContext
  note(text: string): void
}

const resultSchema = z.object({
  sha256: z.string(),
  sizeBytes: z.number(),
  matrixSha256: z.string().exactOptional(),
  fellBack: z.number(),
})

/** A file that was made, and what was said of it. `sha256` is hex; `sizeBytes` is bytes. */
export type QuantizedFile = z.infer<typeof resultSchema>

const made: RecordKind<QuantizedFile> = { name: 'quantized', schema: resultSchema }

/**
 * Makes the file of an order in the engine, and packs it into a layer of the store, unless the store has it of the same source, text
 * and programs. Throws `tool-failed`, `drifted`, `hash-mismatch` for another text than that of the order, and as `packWeights`.
 */
export async function quantize(
  order: QuantizationOrder,
  place: QuantizedPlace,
  context: QuantizerContext,
): Promise<QuantizedFile> {
  const { store } = context
  const key = orderKey(order)
  const known = await recall(store, made, key)
  if (known !== undefined && (await isHere(store, known))) {
    await touchRecord(store, made.name, key)
    return known
  }
  const result = await makeFile(order, place, context)
  await remember(store, made, key, result)
  return result
}

/** Opens the file that a lock has, made anew where the store lost it. Throws `hash-mismatch` when other bytes come of it. */
export async function openQuantizedFile(
  source: QuantizedSource,
  { path, sha256, sizeBytes }: { path: string; sha256: string; sizeBytes: number },
  context: QuantizerContext & Pick<QuantizedPlace, 'modelFolder'>,
): Promise<LocalFile> {
  const file = { path, sha256, sizeBytes }
  const known = await openKnownFile(context.store, file)
  if (known !== undefined) return known
  const result = await quantize(source, { path, modelFolder: context.modelFolder }, context)
  const opened = result.sha256 === sha256 ? await openKnownFile(context.store, file) : undefined
  if (opened !== undefined) return opened
  throw new WeightsError('hash-mismatch', {
    attempted: `make ${path} as the lock has it`,
    found: `its bytes have sha256 ${result.sha256}, and ${sha256} was locked`,
    hint: 'the lock was edited, or the programs compute otherwise here: `ingot lock --all RECIPE` makes it anew, or publish the image from the machine that locked it',
  })
}

/** What commands with an engine give to those who read weights. */
export function quantizedMaker(
  context: Omit<QuantizerContext, 'platform' | 'note'> & { progress: Pick<Progress, 'step'> },
  { platform, modelFolder }: { platform: string; modelFolder: string },
): QuantizedMaker {
  const note = (text: string) => context.progress.step(text)
  return (source, file) => openQuantizedFile(source, file, { ...context, platform, modelFolder, note })
}

/** Everything that decides a byte, and nothing else: no name of a file, no place. */
export function orderKey({ to, requantize, imatrix, from, model, tool }: QuantizationOrder): string {
  const identity = {
    ...{ to, requantize, imatrix: imatrix?.sha256 ?? null },
    from: from.files.map(({ path, sha256 }) => ({ sha256, isModel: path === model })),
    tool: { base: tool.base.digest, packages: tool.packages.map(({ sha256 }) => sha256) },
  }
  return hexOf(digestOf(canonicalJson(['quantized-1', identity])))
}

async function isHere(store: Store, { sha256, sizeBytes }: QuantizedFile): Promise<boolean> {
  const opened = await openKnownFile(store, { path: '', sha256, sizeBytes })
  await opened?.close()
  return opened !== undefined
}

async function makeFile(
  order: QuantizationOrder,
  place: QuantizedPlace,
  context: QuantizerContext,
): Promise<QuantizedFile> {
  const { store, engine, platform, source, note } = context
  const weights = { ...order.from }
  note(`take ${order.model} to quantise it`)
  const image = await sourceImage(store, weights, platform, source)
  const registry = await serveStore(store, {})
  const folder = await mkdtemp(join(store.temporary, 'quantized-'))
  try {
    const client = await engine()
    const tree = pulledByDigest({ client, registryPort: registry.port, platform }, image).rootfs()
    const tools = await installTool(client, order.tool, platform)
    // What the store has not is made anew, not taken out of a cache of the engine.
    const ready = tools
      .withMountedDirectory(sourceFolder, tree.directory(sourceFolder))
      .withEnvVariable('INGOT_MADE_AT', new Date().toISOString())
    const { after, matrixSha256 } = await withMatrix(ready, order, context)
    note(`quantise ${order.model} to ${order.to}`)
    const { after: done, said } = await runQuantizer(after, quantizeCommand(order))
    const path = join(folder, place.path)
    await makeFolder(dirname(path))
    await done.file(resultPath).export(path)
    const file = await pack(folder, place, context)
    return { ...file, ...optional('matrixSha256', matrixSha256), fellBack: fallbacksIn(said) }
  } finally {
    await registry.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Into its layer, under the name that the lock gives it. */
async function pack(
  folder: string,
  { path, modelFolder }: QuantizedPlace,
  { store, source }: QuantizerContext,
): Promise<{ sha256: string; sizeBytes: number }> {
  const { size: sizeBytes } = await stat(join(folder, path))
  const sha256 = await sha256Of(join(folder, path), sizeBytes, source.signal)
  const files = [{ path, sizeBytes, sha256 }]
  const layers = planWeightLayers(files, { modelFolder })
  const weights = { source: { type: 'folder' as const, path: folder }, files, setDigest: setDigestOf(files) }
  const stored = await packWeights(store, weights, layers, source)
  for (const [index, layer] of layers.entries()) {
    const digest = stored[index]?.descriptor.digest
    if (digest !== undefined) await rememberFiles(store, layer, digest, 0)
  }
  return { sha256, sizeBytes }
}

/** llama-quantize writes both paths into the file, so they are the same everywhere. */
const textPath = '/quantize/calibration.txt'
const matrixPath = '/quantize/imatrix.gguf'
const resultPath = '/quantize/model.gguf'

async function withMatrix(
  container: ToolContainer,
  { imatrix, model }: QuantizationOrder,
  { source, note }: QuantizerContext,
): Promise<{ after: ToolContainer; matrixSha256?: string }> {
  if (imatrix === undefined) return { after: container.withExec(['mkdir', '-p', '/quantize']) }
  const text = await readCalibration(imatrix, source.recipeFolder)
  note(`measure by ${imatrix.path} which weights of ${model} matter`)
  const command = ['llama-imatrix', '--model', join(sourceFolder, model), '--file', textPath]
  const asked = [...command, '--output', matrixPath, '--output-format', 'gguf', '--no-ppl']
  const { after } = await runQuantizer(container.withNewFile(textPath, text), asked)
  const printed = await after.withExec(['sha256sum', matrixPath]).stdout()
  return { after, matrixSha256: printed.slice(0, 64) }
}

async function readCalibration({ path, sha256 }: CalibrationText, folder: string): Promise<string> {
  const bytes = await readFile(resolve(folder, path))
  if (hexOf(digestOf(bytes)) === sha256) return bytes.toString('utf8')
  throw new WeightsError('hash-mismatch', {
    attempted: `read the text of the importance matrix ${path}`,
    found: 'it has other bytes than were locked',
    hint: 'bring it back, or run `ingot lock` on the recipe, which makes the weights anew',
  })
}

function quantizeCommand({ requantize, imatrix, model, to }: QuantizationOrder): string[] {
  return [
    'llama-quantize',
    ...(requantize ? ['--allow-requantize'] : []),
    ...(imatrix === undefined ? [] : ['--imatrix', matrixPath]),
    ...[join(sourceFolder, model), resultPath, to],
  ]
}

/** `WARNING: 135 of 211 tensor(s) required fallback quantization`; it is silent where none did. */
export function fallbacksIn(said: string): number {
  return Number(/(\d+) of \d+ tensor\(s\) required fallback/.exec(said)?.[1] ?? 0)
}
