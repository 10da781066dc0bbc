import type { CompressedLayer } from '../memory/compressed.ts'
import { add, floatBytes, type Graph, maskName, rowBytes } from './ggml-parts.ts'

interface CompressedPlace {
  from: string
  name: string
}

/** Attention of DeepSeek-V4: window and closed vectors of all sequences are joined, and an index chooses among the latter. */
export function addCompressed(graph: Graph, layer: CompressedLayer, { from, name }: CompressedPlace): string {
  const { facts } = graph
  const width = rowBytes(graph, facts.headCount * layer.headDim)
  const query = add(graph, { name: `${name} q`, sizeBytes: width, from: [from] })
  const latent = add(graph, { name: `${name} kv`, sizeBytes: rowBytes(graph, layer.headDim), from: [from] })
  add(graph, { name: `${name} kv kept`, sizeBytes: 0, from: [latent] })
  const keys = layer.ratio > 1 ? [addJoined(graph, layer, name), addChosen(graph, layer, { from, name })] : []
  const seen = addSeen(graph, layer, { query, name, keys })
  return add(graph, { name: `${name} o`, sizeBytes: rowBytes(graph, facts.hiddenSize), from: [seen] })
}

const closedCells = ({ batch }: Graph, { ratio }: CompressedLayer) =>
  ratio > 1 ? Math.ceil(batch.cellsOf(null) / ratio / 256) * 256 : 0

const allCells = (graph: Graph, layer: CompressedLayer) =>
  graph.batch.cellsOf(layer.windowTokens) + closedCells(graph, layer)

/** Keys of every sequence in 16 bits, one after another. */
const keyBytes = (graph: Graph, layer: CompressedLayer) =>
  2 * layer.headDim * allCells(graph, layer) * graph.batch.sequences

function addJoined(graph: Graph, layer: CompressedLayer, name: string): string {
  return add(graph, { name: `${name} keys`, sizeBytes: keyBytes(graph, layer), from: [] })
}

const elementBytes = ({ batch }: Graph) => (batch.usesFlash ? 2 : 4)

/** Masks of closed vectors, which stay until the last layer that reads them; the index has one of its own. */
export function addClosedMasks(graph: Graph): void {
  const layers = graph.facts.layers.flatMap(({ layer }) => (layer.kind === 'compressed' ? [layer] : []))
  for (const ratio of new Set(layers.map((layer) => layer.ratio)).difference(new Set([1]))) {
    const layer = layers.find((one) => one.ratio === ratio)
    const cells = layer ? closedCells(graph, layer) * graph.batch.tokens : 0
    const masks = layer?.indexDim ? 2 : 1
    add(graph, {
      name: `mask of ${ratio}`,
      sizeBytes: masks * elementBytes(graph) * cells,
      from: [],
      stays: true,
    })
  }
}

/** Scores of all closed vectors, and the mask that leaves the best of them. */
function addChosen(graph: Graph, layer: CompressedLayer, { from, name }: CompressedPlace): string {
  const cells = closedCells(graph, layer) * graph.batch.tokens
  const window = maskName(layer.windowTokens)
  const sizeBytes = elementBytes(graph) * allCells(graph, layer) * graph.batch.tokens
  if (layer.indexDim === 0) return add(graph, { name: `${name} choice`, sizeBytes, from: [window] })
  const scores = add(graph, { name: `${name} scores`, sizeBytes: floatBytes * cells, from: [from] })
  const filled = add(graph, {
    name: `${name} filled`,
    sizeBytes: elementBytes(graph) * cells,
    from: [scores],
  })
  return add(graph, { name: `${name} choice`, sizeBytes, from: [filled, window] })
}

interface CompressedQuery {
  query: string
  name: string
  keys: readonly string[]
}

function addSeen(graph: Graph, layer: CompressedLayer, { query, name, keys }: CompressedQuery): string {
  const { facts, batch } = graph
  const sizeBytes = rowBytes(graph, facts.headCount * layer.headDim)
  const from = [query, maskName(layer.windowTokens), ...keys]
  if (batch.usesFlash) return add(graph, { name: `${name} seen`, sizeBytes, from })
  const scoreBytes = rowBytes(graph, facts.headCount * allCells(graph, layer))
  const scores = add(graph, { name: `${name} seen scores`, sizeBytes: scoreBytes, from })
  const values = add(graph, { name: `${name} values`, sizeBytes: keyBytes(graph, layer), from: keys })
  const summed = add(graph, { name: `${name} summed`, sizeBytes, from: [scores, values] })
  return add(graph, { name: `${name} seen`, sizeBytes, from: [summed] })
}
