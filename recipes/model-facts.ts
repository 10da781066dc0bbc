import { z } from 'zod'

/**
 * What a lock holds of a model so that its memory can be planned with no network: numbers of the text model,
 * how each layer keeps its past, and tensor bytes by role. All sizes are for one whole copy (tp = pp = 1).
 */

const count = z.int().nonnegative()
const positive = z.int().positive()

/** Key/value heads of one layer; `keyDim` and `valueDim` are per head. */
const heads = { kvHeads: positive, keyDim: positive, valueDim: positive }

/**
 * A lane beside the cache, by which a sparse layer finds the tokens that it reads: `indexDim` elements for every
 * `indexTokens` tokens (1 where absent), on every rank whole. Layers without one read what an earlier layer found.
 */
const lane = { indexDim: count.optional(), indexTokens: positive.optional() }

/** Sizes of a recurrent layer's state, in elements, for one sequence. Channels of groups divide by whole groups. */
const stateLayerSchema = z.strictObject({
  kind: z.literal('state'),
  family: z.enum(['mamba1', 'mamba2', 'gated-delta-net', 'kimi-delta', 'lightning', 'short-conv']),
  convTaps: count,
  innerChannels: count,
  groupChannels: count,
  groupCount: count,
  stateElements: count,
  stateDtype: z.string().nullable(),
})

export const layerKindSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('full'), ...heads, ...lane }),
  z.strictObject({ kind: z.literal('window'), ...heads, windowTokens: positive }),
  z.strictObject({ kind: z.literal('chunked'), ...heads, chunkTokens: positive }),
  z.strictObject({ kind: z.literal('cross'), ...heads, encoderTokens: positive }),
  z.strictObject({
    kind: z.literal('mla'),
    latentDim: positive,
    ropeDim: count,
    indexDim: count,
    indexTokens: positive.optional(),
    windowTokens: positive.optional(),
  }),
  /** One vector for all heads, kept for a window, and beside it one vector for each `ratio` tokens; 1 keeps the window alone. */
  z.strictObject({
    kind: z.literal('compressed'),
    headDim: positive,
    ropeDim: count,
    windowTokens: positive,
    ratio: positive,
    indexDim: count,
  }),
  /** Attention that looks both ways and keeps nothing. */
  z.strictObject({ kind: z.literal('encoder'), ...heads }),
  stateLayerSchema,
  z.strictObject({ kind: z.literal('none') }),
])

export const weightRoles = [
  'embedding',
  'layerEmbedding',
  'head',
  'norm',
  'router',
  'attention',
  'keyValue',
  'mlaDown',
  'dense',
  'expert',
  'shared',
  'state',
  'vision',
  'draft',
  'other',
] as const

const roleCountsSchema = z.partialRecord(z.enum(weightRoles), count)

export const modelFactsSchema = z.strictObject({
  architecture: z.string(),
  modelType: z.string(),
  source: z.enum(['config', 'gguf', 'ggml']),
  dtype: z.string().nullable(),
  hiddenSize: positive,
  vocabSize: count,
  layerCount: positive,
  headCount: count,
  headDim: count,
  /** Feed-forward width one token passes through, experts included; decides the activation peak. */
  activeFfnSize: count,
  maxPositions: positive.nullable(),
  /** How rotary positions are stretched beyond those of the training; absent in locks of before. */
  rope: z
    .strictObject({
      type: z.string(),
      factor: z.number().positive().nullable(),
      originalPositions: positive.nullable(),
    })
    .nullable()
    .optional(),
  /** Columns of the precomputed cosine and sine table; 0 where the model has none. */
  rotaryDim: count,
  /** Positions have parts for time, height and width of images; absent where they have none, and in locks of before. */
  sectionedRope: z.boolean().optional(),
  tiedEmbeddings: z.boolean(),
  /** Channels that an embedding of its own gives each layer (Gemma 3n, 4); absent where there is none. */
  layerChannels: positive.optional(),
  /** Runs of equal layers, in the order of the model; `cross` layers stand beside their own layer. */
  layers: z.array(z.strictObject({ count: positive, layer: layerKindSchema })),
  /** Layers of the checkpoint's own draft head (MTP): each has a cache like the last attention layer when it is used. */
  draftLayers: count.default(0),
  experts: z
    .strictObject({
      count: positive,
      perToken: positive,
      ffnSize: count,
      layerCount: count,
      /** Width of the layers without experts, where a header has some. */
      denseSize: positive.optional(),
    })
    .nullable(),
  /** Image tower: layers, widths, patches of the largest image, its tokens in the text, elements of one patch of pixels. */
  vision: z
    .strictObject({
      layerCount: count.default(24),
      hiddenSize: count,
      ffnSize: count,
      maxPatches: count,
      maxTokens: count,
      patchElements: count,
      /** Whether `parameters` has all of it; absent where its layers alone are counted. */
      isWhole: z.boolean().optional(),
    })
    .nullable(),
  quantization: z
    .strictObject({
      method: z.string(),
      bitsPerWeight: z.number().positive(),
      /** Of experts, where they are packed otherwise than the rest. */
      expertBits: z.number().positive().optional(),
      /** True when only expert weights are packed (gpt-oss). */
      expertsOnly: z.boolean(),
      attentionPacked: z.boolean(),
      kvCacheDtype: z.string().nullable(),
    })
    .nullable(),
  /** Elements by role, counted from the configuration; null where the architecture's layout is not known. */
  parameters: roleCountsSchema.nullable(),
  /** Why `parameters` may lack something, in words; absent where they have it all. */
  uncounted: z.string().optional(),
  /** Bytes by role, from tensor headers; null when no header was read. */
  weights: z
    .strictObject({
      totalBytes: positive,
      byRole: roleCountsSchema,
      byDtype: z.record(z.string(), count),
    })
    .nullable(),
  /** What is needed and was not found; not empty means memory cannot be told. */
  missing: z.array(z.string()),
  /** What was assumed and could be wrong. */
  doubts: z.array(z.string()),
  /** Repositories whose code the configuration names in `auto_map`, other than the model's own. */
  foreignCode: z.array(z.string()).optional(),
  /** Files of the model's own code that `auto_map` names, and those of them and of what they import that are not there. */
  ownCode: z.array(z.string()).optional(),
  missingCode: z.array(z.string()).optional(),
  /** Repositories that loading gets weights from, other than the model's own. */
  foreignWeights: z.array(z.string()).optional(),
  /** A file that says how tensors are packed, where the configuration does not. */
  packingFile: z.string().optional(),
})

export type ModelFacts = z.infer<typeof modelFactsSchema>
export type LayerKind = z.infer<typeof layerKindSchema>
export type StateLayer = z.infer<typeof stateLayerSchema>
export type LayerRun = ModelFacts['layers'][number]
export type WeightRole = (typeof weightRoles)[number]
export type RoleCounts = Partial<Record<WeightRole, number>>
export type WeightFacts = NonNullable<ModelFacts['weights']>
export type Quantization = NonNullable<ModelFacts['quantization']>

/** Joins equal neighbours, so that a lock stays short: 48 equal layers are one line. */
export function runsOf(layers: readonly LayerKind[]): LayerRun[] {
  const runs: LayerRun[] = []
  for (const layer of layers) {
    const last = runs.at(-1)
    if (last && sameLayer(last.layer, layer)) last.count += 1
    else runs.push({ count: 1, layer })
  }
  return runs
}

/** How many layers there are of each kind, in order of first appearance. */
export function layerTotals(runs: readonly LayerRun[]): LayerRun[] {
  const totals: LayerRun[] = []
  for (const run of runs) {
    const known = totals.find((total) => sameLayer(total.layer, run.layer))
    if (known) known.count += run.count
    else totals.push({ ...run })
  }
  return totals
}

export function sameLayer(a: LayerKind, b: LayerKind): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

export function sumOf(counts: RoleCounts): number {
  return Object.values(counts).reduce((sum, value) => sum + value, 0)
}
