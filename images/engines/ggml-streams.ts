import type { ModelFacts } from '../../recipes/model-facts.ts'
import { add, type Graph, rowBytes } from './ggml-parts.ts'

/** Hidden vectors that go side by side through the layers of DeepSeek-V4 and of Gemma 3n; every published model has four. */
const streamCount = 4

export function isCompressed({ layers }: ModelFacts): boolean {
  return layers.some(({ layer }) => layer.kind === 'compressed')
}

const streamBytes = (graph: Graph, count = streamCount) => rowBytes(graph, count * graph.facts.hiddenSize)

export function addStreams(graph: Graph, name: string, from: readonly string[]): string {
  return add(graph, { name, sizeBytes: streamBytes(graph), from })
}

/** One vector out of all streams; how much of each is found from their norm. */
export function addDrawn(graph: Graph, from: string, name: string): string {
  const normed = addStreams(graph, `${name} streams norm`, [from])
  add(graph, { name: `${name} weights`, sizeBytes: 0, from: [normed] })
  return add(graph, { name: `${name} drawn`, sizeBytes: streamBytes(graph, 1), from: [from] })
}

/** Gemma 3n guesses what a layer makes of every stream, computes one of them, and corrects the others by it. */
export function addPrediction(graph: Graph, from: string, name: string): string {
  const sizeBytes = streamBytes(graph)
  const turned = addStreams(graph, `${name} turned`, [from])
  const mixed = addStreams(graph, `${name} mixed streams`, [turned])
  const back = addStreams(graph, `${name} turned back`, [mixed])
  return add(graph, { name: `${name} predicted`, sizeBytes, from: [back, from], over: back })
}

interface StreamGuess {
  predicted: string
  out: string
  name: string
}

export function addCorrection(graph: Graph, { predicted, out, name }: StreamGuess): string {
  const sizeBytes = streamBytes(graph)
  const repeated = addStreams(graph, `${name} repeated streams`, [out])
  const corrected = add(graph, {
    name: `${name} corrected`,
    sizeBytes,
    from: [repeated, predicted],
    over: repeated,
  })
  const others = add(graph, {
    name: `${name} other streams`,
    sizeBytes: streamBytes(graph, streamCount - 1),
    from: [corrected],
  })
  return addStreams(graph, `${name} streams`, [corrected, others])
}
