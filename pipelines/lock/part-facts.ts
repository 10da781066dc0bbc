import { z } from 'zod'
import { IngotError, messageOf } from '../../lib/error.ts'
import type { LockedFile, LockedWeights } from '../../recipes/locked-weights.ts'
import { isGguf } from '../../recipes/model-facts/gguf-files.ts'
import { partTitle, type RecipePart } from '../../recipes/parts.ts'
import type { PartFacts } from '../../recipes/pinned-parts.ts'
import { type GgufKind, ggufKindOf } from '../../recipes/weight-contents.ts'
import { WeightsError } from '../weights/error.ts'
import { openWeights } from '../weights/inventory.ts'
import type { OpenWeights, SourceContext } from '../weights/source.ts'
import { readJson, requireWholeGguf } from './completeness.ts'
import { type EarlierReading, readModelFacts } from './model-facts.ts'
import { ggufHeader } from './model-ranges.ts'

/** Files of a part, open for reading. */
interface OpenPart {
  title: string
  files: readonly LockedFile[]
  source: OpenWeights
}

/**
 * What the headers of a part say of it. Throws `refused` for files that are something else than the recipe calls them, and
 * for a GGUF file that was cut.
 */
export async function readPartFacts(
  recipePart: RecipePart,
  weights: LockedWeights,
  { session, read }: { session: SourceContext; read: EarlierReading | undefined },
): Promise<PartFacts> {
  const { role } = recipePart
  const title = partTitle(recipePart)
  if (role === 'model' || role === 'drafter') return readModelFacts(weights, session, read)
  const source = await openWeights(weights, session)
  try {
    const part = { title, files: weights.files, source }
    return role === 'adapter' ? { adapter: await adapterOf(part) } : { projector: await projectorOf(part) }
  } catch (cause) {
    if (cause instanceof IngotError) throw cause
    throw unfit(title, messageOf(cause), 'check that the files are complete')
  } finally {
    await source.close()
  }
}

const adapterConfig = z.looseObject({
  peft_type: z.string().optional(),
  r: z.int().positive(),
  base_model_name_or_path: z.string().nullish(),
})

async function adapterOf(part: OpenPart): Promise<NonNullable<PartFacts['adapter']>> {
  const { title, files, source } = part
  const config = files.find(({ path }) => path === 'adapter_config.json')
  if (config === undefined) return ggufAdapter(part)
  const { success, data } = adapterConfig.safeParse(await readJson(source, config))
  const type = data?.peft_type ?? 'LORA'
  if (!success || type !== 'LORA')
    throw unfit(
      title,
      success ? `a ${type}` : 'an adapter_config.json without a rank `r`',
      'name an adapter in the form of PEFT, of the type LORA',
    )
  const base = data.base_model_name_or_path
  return { rank: data.r, ...(base ? { base } : {}) }
}

async function ggufAdapter(part: OpenPart): Promise<NonNullable<PartFacts['adapter']>> {
  const { metadata, tensorInfos } = await headerOf(part, 'adapter')
  const first = tensorInfos.find(({ name }) => name.endsWith('.lora_a'))
  const rank = Number(first?.shape[1] ?? 0)
  if (metadata['adapter.type'] !== 'lora' || rank < 1)
    throw unfit(part.title, 'no LoRA in it', 'convert the adapter with convert_lora_to_gguf.py')
  const base = metadata['general.base_model.0.name']
  return {
    rank,
    architecture: String(metadata['general.architecture']),
    ...(typeof base === 'string' ? { base } : {}),
  }
}

async function projectorOf(part: OpenPart): Promise<NonNullable<PartFacts['projector']>> {
  const { metadata } = await headerOf(part, 'projector')
  // Older files name what they are for by their encoder alone, and that of images was the only one.
  const audio = metadata['clip.has_audio_encoder'] === true
  return { vision: metadata['clip.has_vision_encoder'] === true || !audio, audio }
}

/** The header of the one GGUF file of a part, which must be what the recipe says. */
async function headerOf({ title, files, source }: OpenPart, wanted: GgufKind) {
  const [file, second] = files.filter(({ path }) => isGguf(path))
  if (file === undefined || second !== undefined)
    throw unfit(
      title,
      `${file === undefined ? 'no' : 'more than one'} .gguf file among ${files.map(({ path }) => path).join(', ')}`,
      'choose one file with `include`',
    )
  const header = await ggufHeader(source, file)
  const metadata: Record<string, unknown> = { ...header.metadata }
  const kind = ggufKindOf(metadata)
  if (kind !== wanted)
    throw unfit(
      title,
      `${file.path} is ${kindWords[kind]} by its header`,
      'name another file, or another role',
    )
  requireWholeGguf(file, header)
  return { metadata, tensorInfos: header.tensorInfos }
}

const kindWords: Record<GgufKind, string> = {
  model: 'a model',
  projector: 'a projector',
  imatrix: 'an importance matrix',
  adapter: 'an adapter',
  'control vector': 'a control vector',
}

function unfit(title: string, found: string, hint: string): WeightsError {
  return new WeightsError('refused', { attempted: `lock the part ${title}`, found, hint })
}
