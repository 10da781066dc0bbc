import type { StateLayer } from '../../recipes/model-facts.ts'
import { add, floatBytes, type Graph, rowBytes } from './ggml-parts.ts'

interface MambaPlace {
  from: string
  name: string
}

/** Mamba 1 and 2: one projection, a convolution, the scan, and a gate that is cut out of the projection. */
export function addMamba(graph: Graph, layer: StateLayer, { from, name }: MambaPlace): string {
  const { facts, batch } = graph
  const inner = rowBytes(graph, layer.innerChannels)
  const projected = add(graph, {
    name: `${name} in`,
    sizeBytes: inner + rowBytes(graph, channelsOf(layer)),
    from: [from],
  })
  const seen = addConvolution(graph, layer, { from: projected, name })
  const scanned = addScan(graph, layer, { from: seen, name })
  const stateBytes = floatBytes * layer.stateElements * (batch.sequences - 1)
  const others = add(graph, { name: `${name} other states`, sizeBytes: stateBytes, from: [] })
  add(graph, { name: `${name} states kept`, sizeBytes: 0, from: [others] })
  const gate = add(graph, { name: `${name} z`, sizeBytes: inner, from: [projected] })
  const skipped = add(graph, { name: `${name} scan skip`, sizeBytes: inner, from: [seen] })
  const sum = add(graph, {
    name: `${name} scan sum`,
    sizeBytes: inner,
    from: [scanned, skipped],
    over: scanned,
  })
  const open = add(graph, { name: `${name} scan open`, sizeBytes: inner, from: [gate, sum] })
  return add(graph, { name: `${name} o`, sizeBytes: rowBytes(graph, facts.hiddenSize), from: [open] })
}

const channelsOf = ({ innerChannels, groupChannels, groupCount }: StateLayer) =>
  innerChannels + groupChannels * groupCount

const pastName = (name: string) => `${name} past tokens`

function pastBytes({ batch }: Graph, layer: StateLayer): number {
  return floatBytes * layer.convTaps * channelsOf(layer) * batch.sequences
}

/** The convolution's rows of each sequence are read before the layer's norm. */
export function addPast(graph: Graph, layer: StateLayer, name: string): void {
  add(graph, { name: pastName(name), sizeBytes: pastBytes(graph, layer), from: [] })
}

/** The last tokens of each sequence before the new ones, and one kernel over both. */
function addConvolution(graph: Graph, layer: StateLayer, { from, name }: MambaPlace): string {
  const channels = channelsOf(layer)
  const sizeBytes = rowBytes(graph, channels)
  const joint = add(graph, {
    name: `${name} joint`,
    sizeBytes: sizeBytes + pastBytes(graph, layer),
    from: [pastName(name), from],
  })
  return add(graph, { name: `${name} conv`, sizeBytes, from: [joint] })
}

/** Outputs of all tokens with the new state of each sequence behind them. Mamba 1 has a step size for each channel. */
function addScan(graph: Graph, layer: StateLayer, { from, name }: MambaPlace): string {
  const inner = rowBytes(graph, layer.innerChannels)
  const stateBytes = floatBytes * layer.stateElements * graph.batch.sequences
  const steps =
    layer.family === 'mamba1' ? [add(graph, { name: `${name} dt`, sizeBytes: inner, from: [from] })] : []
  return add(graph, { name: `${name} scan`, sizeBytes: inner + stateBytes, from: [from, ...steps] })
}
