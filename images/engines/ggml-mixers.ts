import type { LayerKind, ModelFacts } from '../../recipes/model-facts.ts'
import { addCompressed } from './ggml-compressed.ts'
import { addMamba, addPast } from './ggml-mamba.ts'
import { add, floatBytes, type Graph, maskName, rowBytes } from './ggml-parts.ts'

/** What mixes tokens in one layer, by its kind. */
export function addMixer(graph: Graph, layer: LayerKind, from: string, name: string): string {
  switch (layer.kind) {
    case 'state':
      return isMamba(graph.facts, layer)
        ? addMamba(graph, layer, { from, name })
        : addState(graph, layer, from, name)
    case 'mla':
      return addLatent(graph, layer, from, name)
    case 'compressed':
      return addCompressed(graph, layer, { from, name })
    case 'encoder':
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

type QueryLayer = Extract<LayerKind, { kind: 'full' | 'window' | 'chunked' | 'encoder' }>

/** Qwen3-Next and its followers project a gate together with the queries. */
function hasGate({ modelType }: ModelFacts): boolean {
  return /^qwen(3_5|3\.5|35|3_next|3next|3_6|4)/.test(modelType)
}

/** What a layer reads before its norm. */
export function addBefore(graph: Graph, layer: LayerKind, name: string): void {
  if (layer.kind === 'state' && isMamba(graph.facts, layer)) addPast(graph, layer, name)
}

/** A GGUF header has the sizes of Mamba for Qwen's delta layers too. */
function isMamba(facts: ModelFacts, { family }: Extract<LayerKind, { kind: 'state' }>): boolean {
  return /^mamba/.test(family) && !hasGate(facts)
}

function addAttention(graph: Graph, layer: QueryLayer, from: string, name: string): string {
  const { facts } = graph
  const queryBytes = rowBytes(graph, facts.headCount * layer.keyDim)
  const gated = hasGate(facts)
  if (joined.test(facts.modelType)) return addJoinedAttention(graph, layer, from, name)
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
  const width = facts.headCount * layer.valueDim
  const seen = addSeen(graph, { query, name, width, ...spanOf(graph, layer), heads: facts.headCount })
  if (!gated) return addOutput(graph, seen, name, width)
  const gate = add(graph, { name: `${name} gate`, sizeBytes: queryBytes, from: [projected] })
  const open = add(graph, { name: `${name} gated`, sizeBytes: queryBytes, from: [seen, gate], over: seen })
  return add(graph, { name: `${name} o`, sizeBytes: rowBytes(graph, facts.hiddenSize), from: [open] })
}

/** Architectures of one matrix for queries, keys and values, whose queries and keys are turned out of it. */
const joined = /^(cogvlm|neo-bert|plamo3|qwen)$/

function addJoinedAttention(graph: Graph, layer: QueryLayer, from: string, name: string): string {
  const { facts } = graph
  const queries = facts.headCount * layer.keyDim
  // The first models of Qwen and CogVLM have as many keys as queries, whatever a header says.
  const isWhole = /^(cogvlm|qwen)$/.test(facts.modelType)
  const keyValues = isWhole ? 2 * queries : layer.kvHeads * (layer.keyDim + layer.valueDim)
  const keyBytes = rowBytes(graph, layer.kvHeads * layer.keyDim)
  const joint = add(graph, {
    name: `${name} qkv`,
    sizeBytes: rowBytes(graph, queries + keyValues),
    from: [from],
  })
  const query = add(graph, { name: `${name} q rope`, sizeBytes: rowBytes(graph, queries), from: [joint] })
  add(graph, { name: `${name} v kept`, sizeBytes: 0, from: [joint] })
  const key = add(graph, { name: `${name} k rope`, sizeBytes: keyBytes, from: [joint] })
  add(graph, { name: `${name} k kept`, sizeBytes: 0, from: [key] })
  const width = facts.headCount * layer.valueDim
  const seen = addSeen(graph, { query, name, width, ...spanOf(graph, layer), heads: facts.headCount })
  return addOutput(graph, seen, name, width)
}

/** BitNet norms what its heads have seen before it goes on. */
function addOutput(graph: Graph, seen: string, name: string, width: number): string {
  const sizeBytes = rowBytes(graph, graph.facts.hiddenSize)
  if (graph.facts.modelType !== 'bitnet') return add(graph, { name: `${name} o`, sizeBytes, from: [seen] })
  const scaled = add(graph, { name: `${name} seen rms`, sizeBytes: rowBytes(graph, width), from: [seen] })
  return add(graph, { name: `${name} o`, sizeBytes, from: [scaled] })
}

/** What a layer looks at: cells of a cache, or the batch itself where there is none. */
function spanOf({ batch }: Graph, layer: QueryLayer): Pick<ScoredQuery, 'window' | 'cells'> {
  if (layer.kind === 'encoder') return { window: null, cells: batch.tokens }
  const window =
    layer.kind === 'window' ? layer.windowTokens : layer.kind === 'chunked' ? layer.chunkTokens : null
  return { window, cells: batch.cellsOf(window) }
}

interface ScoredQuery {
  query: string
  name: string
  width: number
  window: number | null
  cells: number
  heads: number
}

/** Without flash attention every head keeps a score for each cell. */
function addSeen(graph: Graph, { query, name, width, window, cells, heads }: ScoredQuery): string {
  const { batch } = graph
  const sizeBytes = rowBytes(graph, width)
  if (batch.usesFlash) return add(graph, { name: `${name} seen`, sizeBytes, from: [query, maskName(window)] })
  const scoreBytes = rowBytes(graph, heads * cells)
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

type LatentLayer = Extract<LayerKind, { kind: 'mla' }>

/** MLA multiplies queries into the latent space, so that every head has its width. */
function addLatentQuery(graph: Graph, layer: LatentLayer, from: string, name: string): string {
  const { headCount, headDim } = graph.facts
  const rows = (width: number) => rowBytes(graph, headCount * width)
  const query = add(graph, { name: `${name} q`, sizeBytes: rows(headDim), from: [from] })
  const absorbed = add(graph, { name: `${name} q latent`, sizeBytes: rows(layer.latentDim), from: [query] })
  const rotary = add(graph, { name: `${name} q rope`, sizeBytes: rows(layer.ropeDim), from: [query] })
  const width = layer.latentDim + layer.ropeDim
  return add(graph, { name: `${name} q both`, sizeBytes: rows(width), from: [absorbed, rotary] })
}

function addLatent(graph: Graph, layer: LatentLayer, from: string, name: string): string {
  const { headCount, headDim, hiddenSize } = graph.facts
  const query = addLatentQuery(graph, layer, from, name)
  const keptBytes = rowBytes(graph, layer.latentDim + layer.ropeDim)
  const latent = add(graph, { name: `${name} kv`, sizeBytes: keptBytes, from: [from] })
  add(graph, { name: `${name} kv kept`, sizeBytes: keptBytes, from: [latent] })
  const width = headCount * layer.latentDim
  const cells = graph.batch.cellsOf(null)
  const seen = addSeen(graph, { query, name, width, window: null, cells, heads: headCount })
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
