import type { LayerKind, ModelFacts } from '../../recipes/model-facts.ts'
import { type GraphTensor, graphBufferBytes } from './ggml-allocator.ts'

/** One batch as the graph is reserved for it. */
export interface GraphBatch {
  tokens: number
  sequences: number
  /** Tokens whose logits are kept. */
  outputs: number
  /** Cells of one stream of the cache, by window; null for layers that see everything. */
  cellsOf(windowTokens: number | null): number
  usesFlash: boolean
  /** Builds that mix embeddings of images into those of tokens copy them three times. */
  mixesEmbeddings: boolean
  /** Ollama's own runner computes activation and product apart, and keeps masks in 32 and in 16 bits. */
  isPlain: boolean
}

export interface GraphBytes {
  device: number
  /** Embeddings and masks, which the host prepares. */
  host: number
}

interface Graph {
  facts: ModelFacts
  batch: GraphBatch
  tensors: GraphTensor[]
}

const floatBytes = 4

/** Buffers of the largest graph: each kind of layer twice, and the last one, of which only the outputs go on. */
export function graphBytes(facts: ModelFacts, batch: GraphBatch): GraphBytes {
  const graph: Graph = { facts, batch, tensors: [] }
  const inputs = inputsOf(graph)
  const kinds = facts.layers.filter(({ layer }) => layer.kind !== 'none' && layer.kind !== 'cross')
  const distinct = kinds.filter(
    ({ layer }, index) => kinds.findIndex((run) => sameShape(run.layer, layer)) === index,
  )
  const rounds = [...distinct, ...distinct, ...kinds.slice(-1)].map(({ layer }) => layer)
  let from = inputs
  for (const [index, layer] of rounds.entries())
    from = addLayer(graph, layer, { from, name: `${index}`, isLast: index === rounds.length - 1 })
  addLogits(graph, from)
  return { device: graphBufferBytes(graph.tensors), host: hostBytes(facts, batch) }
}

function sameShape(a: LayerKind, b: LayerKind): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function add(graph: Graph, tensor: GraphTensor): string {
  graph.tensors.push(tensor)
  return tensor.name
}

const rowBytes = ({ batch }: Graph, width: number) => floatBytes * width * batch.tokens

function maskName(windowTokens: number | null): string {
  return windowTokens === null ? 'mask' : `mask ${windowTokens}`
}

function windowsOf({ layers }: ModelFacts): (number | null)[] {
  const windows = layers.flatMap(({ layer }) => {
    if (layer.kind === 'window') return [layer.windowTokens]
    if (layer.kind === 'chunked') return [layer.chunkTokens]
    return layer.kind === 'full' || layer.kind === 'mla' ? [null] : []
  })
  return [...new Set(windows)]
}

/** Masks are of 16 bits for flash attention, and of 32 without. */
function maskBytes({ tokens, usesFlash, isPlain, cellsOf }: GraphBatch, windowTokens: number | null): number {
  return (isPlain ? 6 : usesFlash ? 2 : 4) * tokens * cellsOf(windowTokens)
}

function inputsOf(graph: Graph): string {
  const { facts, batch } = graph
  const embedding = rowBytes(graph, facts.hiddenSize)
  if (batch.mixesEmbeddings) {
    add(graph, { name: 'mixed', sizeBytes: embedding, from: [] })
    add(graph, { name: 'mixed rows', sizeBytes: embedding, from: [], stays: true })
  }
  add(graph, { name: 'embedding', sizeBytes: embedding, from: [] })
  for (const window of windowsOf(facts))
    add(graph, { name: maskName(window), sizeBytes: maskBytes(batch, window), from: [] })
  const perLayer = rowBytes(graph, (facts.layerChannels ?? 0) * facts.layerCount)
  if (perLayer > 0) addLayerInputs(graph, perLayer)
  if (batch.mixesEmbeddings) {
    add(graph, { name: 'mixed copy', sizeBytes: embedding, from: ['mixed'] })
    add(graph, { name: 'mixed in', sizeBytes: 0, from: ['mixed copy'] })
  }
  return 'embedding'
}

/** Gemma's inputs of all layers: read, projected and joined before the first, and kept until the last. */
function addLayerInputs(graph: Graph, sizeBytes: number): void {
  add(graph, { name: 'layer rows', sizeBytes, from: [], stays: true })
  const projected = add(graph, { name: 'layer projection', sizeBytes, from: ['embedding'] })
  const normed = addNorm(graph, 'layer norm', projected, sizeBytes)
  const joined = add(graph, { name: 'layer sum', sizeBytes, from: [normed, 'layer rows'], over: normed })
  add(graph, { name: 'layer inputs', sizeBytes, from: [joined], stays: true })
}

interface LayerPlace {
  from: string
  name: string
  isLast: boolean
}

function addLayer(graph: Graph, layer: LayerKind, { from, name, isLast }: LayerPlace): string {
  const { facts, batch } = graph
  const { hiddenSize } = facts
  const normed = addNorm(graph, `${name} norm`, from, rowBytes(graph, hiddenSize))
  const mixed = addMixer(graph, layer, normed, name)
  const rows = isLast ? batch.outputs : batch.tokens
  const width = floatBytes * hiddenSize * rows
  const cut = isLast && batch.outputs < batch.tokens
  const own = cut ? add(graph, { name: `${name} rows`, sizeBytes: width, from: [mixed] }) : mixed
  const past = cut ? add(graph, { name: `${name} past`, sizeBytes: width, from: [from] }) : from
  const sum = add(graph, { name: `${name} sum`, sizeBytes: width, from: [own, past], over: own })
  const fed = addNorm(graph, `${name} feed`, sum, width)
  const out = addFeedForward(graph, fed, { name, rows })
  return add(graph, { name: `${name} out`, sizeBytes: width, from: [out, sum], over: out })
}

function addNorm(graph: Graph, name: string, from: string, sizeBytes: number): string {
  const scaled = add(graph, { name: `${name} rms`, sizeBytes, from: [from] })
  return add(graph, { name, sizeBytes, from: [scaled], over: scaled })
}

function addMixer(graph: Graph, layer: LayerKind, from: string, name: string): string {
  switch (layer.kind) {
    case 'state':
      return addState(graph, layer, from, name)
    case 'mla':
      return addLatent(graph, layer, from, name)
    case 'full':
    case 'window':
    case 'chunked':
      return addAttention(graph, layer, from, name)
    default:
      return add(graph, {
        name: `${name} mixed`,
        sizeBytes: rowBytes(graph, graph.facts.hiddenSize),
        from: [from],
      })
  }
}

type AttentionLayer = Extract<LayerKind, { kind: 'full' | 'window' | 'chunked' }>

/** Qwen3-Next and its followers project a gate together with the queries. */
function hasGate({ modelType }: ModelFacts): boolean {
  return /^qwen(3_5|3\.5|35|3_next|3next|3_6|4)/.test(modelType)
}

function addAttention(graph: Graph, layer: AttentionLayer, from: string, name: string): string {
  const { facts } = graph
  const queryBytes = rowBytes(graph, facts.headCount * layer.keyDim)
  const gated = hasGate(facts)
  const projected = add(graph, { name: `${name} q`, sizeBytes: queryBytes * (gated ? 2 : 1), from: [from] })
  const query = add(graph, {
    name: `${name} q rope`,
    sizeBytes: queryBytes,
    from: [projected],
    ...(gated ? {} : { over: projected }),
  })
  const value = add(graph, {
    name: `${name} v`,
    sizeBytes: rowBytes(graph, layer.kvHeads * layer.valueDim),
    from: [from],
  })
  const key = add(graph, {
    name: `${name} k`,
    sizeBytes: rowBytes(graph, layer.kvHeads * layer.keyDim),
    from: [from],
  })
  add(graph, { name: `${name} k kept`, sizeBytes: 0, from: [key] })
  add(graph, { name: `${name} v kept`, sizeBytes: 0, from: [value] })
  const window =
    layer.kind === 'window' ? layer.windowTokens : layer.kind === 'chunked' ? layer.chunkTokens : null
  const width = facts.headCount * layer.valueDim
  const seen = addSeen(graph, { query, name, width, window, heads: facts.headCount })
  if (!gated)
    return add(graph, { name: `${name} o`, sizeBytes: rowBytes(graph, facts.hiddenSize), from: [seen] })
  const gate = add(graph, { name: `${name} gate`, sizeBytes: queryBytes, from: [projected] })
  const open = add(graph, { name: `${name} gated`, sizeBytes: queryBytes, from: [seen, gate], over: seen })
  return add(graph, { name: `${name} o`, sizeBytes: rowBytes(graph, facts.hiddenSize), from: [open] })
}

interface Seen {
  query: string
  name: string
  width: number
  window: number | null
  heads: number
}

/** Without flash attention every head keeps a score for each cell. */
function addSeen(graph: Graph, { query, name, width, window, heads }: Seen): string {
  const { batch } = graph
  const sizeBytes = rowBytes(graph, width)
  if (batch.usesFlash) return add(graph, { name: `${name} seen`, sizeBytes, from: [query, maskName(window)] })
  const scoreBytes = rowBytes(graph, heads * batch.cellsOf(window))
  const scores = add(graph, { name: `${name} scores`, sizeBytes: scoreBytes, from: [query] })
  const soft = add(graph, {
    name: `${name} soft`,
    sizeBytes: scoreBytes,
    from: [scores, maskName(window)],
    over: scores,
  })
  const summed = add(graph, { name: `${name} summed`, sizeBytes, from: [soft] })
  return add(graph, { name: `${name} seen`, sizeBytes, from: [summed] })
}

/** MLA multiplies queries into the latent space, so that every head has its width. */
function addLatent(
  graph: Graph,
  layer: Extract<LayerKind, { kind: 'mla' }>,
  from: string,
  name: string,
): string {
  const { headCount, headDim, hiddenSize } = graph.facts
  const query = add(graph, {
    name: `${name} q`,
    sizeBytes: rowBytes(graph, headCount * headDim),
    from: [from],
  })
  const absorbed = add(graph, {
    name: `${name} q latent`,
    sizeBytes: rowBytes(graph, headCount * layer.latentDim),
    from: [query],
  })
  const rotary = add(graph, {
    name: `${name} q rope`,
    sizeBytes: rowBytes(graph, headCount * layer.ropeDim),
    from: [query],
  })
  const width = layer.latentDim + layer.ropeDim
  const both = add(graph, {
    name: `${name} q both`,
    sizeBytes: rowBytes(graph, headCount * width),
    from: [absorbed, rotary],
  })
  const latent = add(graph, { name: `${name} kv`, sizeBytes: rowBytes(graph, width), from: [from] })
  add(graph, { name: `${name} kv kept`, sizeBytes: rowBytes(graph, width), from: [latent] })
  const seen = addSeen(graph, {
    query: both,
    name,
    width: headCount * layer.latentDim,
    window: null,
    heads: headCount,
  })
  const values = add(graph, {
    name: `${name} values`,
    sizeBytes: rowBytes(graph, headCount * headDim),
    from: [seen],
  })
  return add(graph, { name: `${name} o`, sizeBytes: rowBytes(graph, hiddenSize), from: [values] })
}

/** A convolution over all channels, then the recurrence with the new states of all sequences. */
function addState(
  graph: Graph,
  layer: Extract<LayerKind, { kind: 'state' }>,
  from: string,
  name: string,
): string {
  const { batch, facts } = graph
  const channels = layer.innerChannels + layer.groupChannels * layer.groupCount
  const channelBytes = rowBytes(graph, channels)
  const keyBytes = rowBytes(graph, layer.groupChannels * layer.groupCount) / 2
  const innerBytes = rowBytes(graph, layer.innerChannels)
  const stateBytes = floatBytes * layer.stateElements * batch.sequences
  const projected = add(graph, { name: `${name} in`, sizeBytes: channelBytes, from: [from] })
  const joint = add(graph, { name: `${name} joint`, sizeBytes: channelBytes, from: [projected] })
  const past = add(graph, { name: `${name} past state`, sizeBytes: stateBytes, from: [] })
  const conv = add(graph, { name: `${name} conv`, sizeBytes: channelBytes, from: [joint] })
  const silu = add(graph, { name: `${name} silu`, sizeBytes: channelBytes, from: [conv], over: conv })
  const queries = add(graph, { name: `${name} q`, sizeBytes: keyBytes, from: [silu] })
  const keys = add(graph, { name: `${name} k`, sizeBytes: keyBytes, from: [silu] })
  const step = add(graph, {
    name: `${name} step`,
    sizeBytes: innerBytes + stateBytes,
    from: [queries, keys, silu, past],
  })
  const normed = add(graph, { name: `${name} normed`, sizeBytes: innerBytes, from: [step] })
  const gate = add(graph, { name: `${name} z`, sizeBytes: innerBytes, from: [from] })
  const open = add(graph, { name: `${name} open`, sizeBytes: innerBytes, from: [gate], over: gate })
  const gated = add(graph, {
    name: `${name} gated`,
    sizeBytes: innerBytes,
    from: [normed, open],
    over: normed,
  })
  return add(graph, { name: `${name} o`, sizeBytes: rowBytes(graph, facts.hiddenSize), from: [gated] })
}

interface Feed {
  name: string
  rows: number
}

function addFeedForward(graph: Graph, from: string, { name, rows }: Feed): string {
  const { hiddenSize, activeFfnSize, experts } = graph.facts
  const bytes = (width: number) => floatBytes * width * rows
  const inner = experts ? experts.perToken * experts.ffnSize : activeFfnSize
  const gate = add(graph, { name: `${name} gate ffn`, sizeBytes: bytes(inner), from: [from] })
  const up = add(graph, { name: `${name} up ffn`, sizeBytes: bytes(inner), from: [from] })
  const open = graph.batch.isPlain
    ? add(graph, { name: `${name} open ffn`, sizeBytes: bytes(inner), from: [gate] })
    : gate
  const product = add(graph, { name: `${name} glu`, sizeBytes: bytes(inner), from: [gate, open, up] })
  if (!experts) return add(graph, { name: `${name} down`, sizeBytes: bytes(hiddenSize), from: [product] })
  const down = add(graph, {
    name: `${name} down`,
    sizeBytes: bytes(experts.perToken * hiddenSize),
    from: [product],
  })
  const weighted = add(graph, {
    name: `${name} weighted`,
    sizeBytes: bytes(experts.perToken * hiddenSize),
    from: [down],
    over: down,
  })
  return add(graph, { name: `${name} experts`, sizeBytes: bytes(hiddenSize), from: [weighted] })
}

function addLogits(graph: Graph, from: string): void {
  const { facts, batch } = graph
  const width = floatBytes * batch.outputs
  const normed = addNorm(graph, 'norm', from, width * facts.hiddenSize)
  add(graph, { name: 'logits', sizeBytes: width * facts.vocabSize, from: [normed] })
}

function hostBytes(facts: ModelFacts, batch: GraphBatch): number {
  const embeddings = (batch.mixesEmbeddings ? 4 : 1) * floatBytes * facts.hiddenSize * batch.tokens
  return windowsOf(facts).reduce<number>((sum, window) => sum + maskBytes(batch, window), embeddings)
}
