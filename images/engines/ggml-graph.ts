import { hasGatedFeedForward } from '../../recipes/model-facts/families.ts'
import type { LayerKind, ModelFacts } from '../../recipes/model-facts.ts'
import { graphBufferBytes } from './ggml-allocator.ts'
import { addClosedMasks } from './ggml-compressed.ts'
import { addBefore, addMixer } from './ggml-mixers.ts'
import { add, floatBytes, type Graph, type GraphBatch, maskName, rowBytes } from './ggml-parts.ts'
import { addCorrection, addDrawn, addPrediction, addStreams, isCompressed } from './ggml-streams.ts'

export interface GraphBytes {
  device: number
  /** Embeddings and masks, which the host prepares. */
  host: number
}

/** Buffers of the largest graph: each kind of layer twice, and the last one, of which only the outputs go on. */
export function graphBytes(facts: ModelFacts, batch: GraphBatch): GraphBytes {
  const graph: Graph = { facts, batch, tensors: [] }
  const inputs = inputsOf(graph)
  const kinds = facts.layers.filter(({ layer }) => layer.kind !== 'none' && layer.kind !== 'cross')
  const distinct = kinds.filter(
    ({ layer }, index) => kinds.findIndex((run) => sameShape(run.layer, layer)) === index,
  )
  const rounds = [...distinct, ...distinct, ...kinds.slice(-1)].map(({ layer }) => layer)
  let from = isCompressed(facts) ? addStreams(graph, 'streams', [inputs]) : inputs
  for (const [index, layer] of rounds.entries())
    from = addLayer(graph, layer, {
      from,
      name: `${index}`,
      isFirst: index === 0,
      isLast: index === rounds.length - 1,
    })
  addLogits(graph, from)
  return { device: graphBufferBytes(graph.tensors), host: hostBytes(facts, batch) }
}

function sameShape(a: LayerKind, b: LayerKind): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function windowsOf({ layers }: ModelFacts): (number | null)[] {
  const windows = layers.flatMap(({ layer }) => {
    if (layer.kind === 'window') return [layer.windowTokens]
    if (layer.kind === 'chunked') return [layer.chunkTokens]
    if (layer.kind === 'compressed') return [layer.windowTokens]
    return layer.kind === 'full' || layer.kind === 'mla' ? [null] : []
  })
  return [...new Set(windows)]
}

/** Masks are of 16 bits for flash attention, and of 32 without. */
function maskBytes({ tokens, usesFlash, isPlain, cellsOf }: GraphBatch, windowTokens: number | null): number {
  return (isPlain ? 6 : usesFlash ? 2 : 4) * tokens * cellsOf(windowTokens)
}

/**
 * What the host hands over, in the order of its first use. Builds that mix embeddings of images into those of tokens copy one, and
 * write the other over it; that copy stays.
 */
function inputsOf(graph: Graph): string {
  const { facts, batch } = graph
  const embedding = rowBytes(graph, facts.hiddenSize)
  if (batch.mixesEmbeddings) {
    add(graph, { name: 'mixed', sizeBytes: embedding, from: [] })
    add(graph, { name: 'mixed rows', sizeBytes: embedding, from: [] })
  }
  add(graph, { name: 'embedding', sizeBytes: embedding, from: [] })
  for (const window of windowsOf(facts)) {
    if (!batch.usesFlash && batch.placesValues) addPlaces(graph, window)
    add(graph, { name: maskName(window), sizeBytes: maskBytes(batch, window), from: [] })
  }
  if (facts.layers.some(({ layer }) => layer.kind === 'encoder'))
    add(graph, { name: maskName(null), sizeBytes: (batch.usesFlash ? 2 : 4) * batch.tokens ** 2, from: [] })
  addClosedMasks(graph)
  const perLayer = rowBytes(graph, (facts.layerChannels ?? 0) * facts.layerCount)
  if (perLayer > 0) addLayerInputs(graph, perLayer)
  if (batch.mixesEmbeddings) {
    add(graph, { name: 'mixed copy', sizeBytes: embedding, from: ['mixed'], stays: true })
    add(graph, { name: 'mixed in', sizeBytes: 0, from: ['mixed rows'] })
  }
  return 'embedding'
}

/** Without flash attention values lie transposed, and each of their elements has a place of 8 bytes. */
function addPlaces(graph: Graph, window: number | null): void {
  const width = Math.max(0, ...graph.facts.layers.map(({ layer }) => valueWidthOf(layer)))
  add(graph, {
    name: `${maskName(window)} places`,
    sizeBytes: 8 * width * graph.batch.tokens,
    from: [],
    stays: true,
  })
}

function valueWidthOf(layer: LayerKind): number {
  return 'kvHeads' in layer ? layer.kvHeads * layer.valueDim : 0
}

/** Gemma's inputs of all layers: read, projected and joined before the first, and kept until the last. */
function addLayerInputs(graph: Graph, sizeBytes: number): void {
  add(graph, { name: 'layer rows', sizeBytes, from: [], stays: true })
  const projected = add(graph, { name: 'layer projection', sizeBytes, from: ['embedding'] })
  const normed = addNorm(graph, 'layer norm', projected, sizeBytes)
  const joined = add(graph, { name: 'layer sum', sizeBytes, from: [normed, 'layer rows'], over: normed })
  add(graph, { name: 'layer inputs', sizeBytes, from: [joined], stays: true })
}

interface GraphLayer {
  from: string
  name: string
  isFirst: boolean
  isLast: boolean
}

function addLayer(graph: Graph, layer: LayerKind, place: GraphLayer): string {
  const { facts } = graph
  if (isCompressed(facts)) return addStreamedLayer(graph, layer, place)
  if (!facts.modelType.startsWith('gemma3n')) return addPlainLayer(graph, layer, place)
  const predicted = addPrediction(graph, place.from, place.name)
  const out = addPlainLayer(graph, layer, { ...place, from: predicted, isLast: false })
  return addCorrection(graph, { predicted, out, name: place.name })
}

function addPlainLayer(graph: Graph, layer: LayerKind, { from, name, isFirst, isLast }: GraphLayer): string {
  const { facts, batch } = graph
  const { hiddenSize } = facts
  addBefore(graph, layer, name)
  const normed = addNorm(graph, `${name} norm`, from, rowBytes(graph, hiddenSize))
  const mixed = addMixer(graph, layer, normed, name)
  const rows = isLast ? batch.outputs : batch.tokens
  const width = floatBytes * hiddenSize * rows
  const cut = isLast && batch.outputs < batch.tokens
  const own = cut ? add(graph, { name: `${name} rows`, sizeBytes: width, from: [mixed] }) : mixed
  const past = cut ? add(graph, { name: `${name} past`, sizeBytes: width, from: [from] }) : from
  const sum = add(graph, { name: `${name} sum`, sizeBytes: width, from: [own, past], over: own })
  if (facts.activeFfnSize === 0) return sum
  const fed = addNorm(graph, `${name} feed`, sum, width)
  const out = addFeedForward(graph, fed, { name, rows, isFirst })
  return add(graph, { name: `${name} out`, sizeBytes: width, from: [out, sum], over: out })
}

/** DeepSeek-V4: what enters attention and feed-forward is drawn from the streams, and what leaves them is mixed into all. */
function addStreamedLayer(graph: Graph, layer: LayerKind, { from, name }: GraphLayer): string {
  const sizeBytes = rowBytes(graph, graph.facts.hiddenSize)
  const attended = addDrawn(graph, from, `${name} attention`)
  const normed = addNorm(graph, `${name} norm`, attended, sizeBytes)
  const mixed = addMixer(graph, layer, normed, name)
  const between = addStreams(graph, `${name} between`, [mixed, from])
  const drawn = addDrawn(graph, between, `${name} feed`)
  const fed = addNorm(graph, `${name} feed norm`, drawn, sizeBytes)
  const out = addFeedForward(graph, fed, { name, rows: graph.batch.tokens, isFirst: false })
  return addStreams(graph, `${name} out`, [out, between])
}

function addNorm(graph: Graph, name: string, from: string, sizeBytes: number): string {
  const scaled = add(graph, { name: `${name} rms`, sizeBytes, from: [from] })
  return add(graph, { name, sizeBytes, from: [scaled], over: scaled })
}

interface Feed {
  name: string
  rows: number
  /** Where a model begins without experts, its first layer has none. */
  isFirst: boolean
}

function addFeedForward(graph: Graph, from: string, feed: Feed): string {
  const { hiddenSize, activeFfnSize, experts } = graph.facts
  if (!experts) return addDense(graph, from, feed, activeFfnSize)
  if (feed.isFirst && experts.denseSize) return addDense(graph, from, feed, experts.denseSize)
  const routed = addExperts(graph, from, feed)
  const shared = Math.max(0, activeFfnSize - experts.perToken * experts.ffnSize)
  if (shared === 0) return routed
  const beside = addDense(graph, from, { ...feed, name: `${feed.name} shared` }, shared)
  const sizeBytes = floatBytes * hiddenSize * feed.rows
  return add(graph, { name: `${feed.name} both`, sizeBytes, from: [routed, beside], over: routed })
}

function addDense(graph: Graph, from: string, feed: Feed, width: number): string {
  const sizeOf = (channels: number) => floatBytes * channels * feed.rows
  const product = addProduct(graph, from, { name: feed.name, sizeBytes: sizeOf(width) })
  return add(graph, { name: `${feed.name} down`, sizeBytes: sizeOf(graph.facts.hiddenSize), from: [product] })
}

function addExperts(graph: Graph, from: string, { name, rows }: Feed): string {
  const { hiddenSize, experts } = graph.facts
  const { perToken = 0, ffnSize = 0 } = experts ?? {}
  const sizeOf = (channels: number) => floatBytes * channels * rows
  const sizeBytes = sizeOf(perToken * hiddenSize)
  // Llama 4 weighs what goes into its experts.
  const weighs = graph.facts.modelType.startsWith('llama4')
  const fed = weighs ? add(graph, { name: `${name} repeated`, sizeBytes, from: [from] }) : from
  const product = addProduct(graph, fed, { name, sizeBytes: sizeOf(perToken * ffnSize) })
  const down = add(graph, { name: `${name} experts down`, sizeBytes, from: [product] })
  const weighted = add(graph, { name: `${name} weighted`, sizeBytes, from: [down], over: down })
  return add(graph, { name: `${name} experts`, sizeBytes: sizeOf(hiddenSize), from: [weighted] })
}

/** Up and gate and their product; families without a gate have one matrix, and what follows it takes its place. */
function addProduct(
  { facts, batch, tensors }: Graph,
  from: string,
  { name, sizeBytes }: { name: string; sizeBytes: number },
): string {
  const graph = { facts, batch, tensors }
  const up = add(graph, { name: `${name} up ffn`, sizeBytes, from: [from] })
  if (!hasGatedFeedForward(familyOf(facts)))
    return add(graph, { name: `${name} act`, sizeBytes, from: [up], over: up })
  const gate = add(graph, { name: `${name} gate ffn`, sizeBytes, from: [from] })
  const open = batch.isPlain ? add(graph, { name: `${name} open ffn`, sizeBytes, from: [gate] }) : gate
  return add(graph, { name: `${name} glu`, sizeBytes, from: [gate, open, up] })
}

/** llama.cpp writes `gptneox` and `phi2` where configurations have `gpt_neox` and `phi`. */
function familyOf({ modelType }: ModelFacts): string {
  return modelType
    .replaceAll('-', '_')
    .replace('gptneox', 'gpt_neox')
    .replace(/^phi2$/, 'phi')
    .replace(/^jais2$|^codeshell$|^starcoder$/, 'gpt2')
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
