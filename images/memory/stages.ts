import { type LayerRun, type ModelFacts, runsOf } from '../../recipes/model-facts.ts'

/** The model as each pipeline stage holds it; layers beyond the last named one belong to it too. */
export function stagesOf(facts: ModelFacts, stageLayers: readonly number[]): ModelFacts[] {
  const layers = facts.layers.flatMap(({ count, layer }: LayerRun) =>
    Array.from({ length: count }, () => layer),
  )
  let start = 0
  return stageLayers.map((count, index) => {
    const end = index === stageLayers.length - 1 ? layers.length : start + count
    const own = layers.slice(start, end)
    start = end
    return {
      ...facts,
      layers: runsOf(own),
      draftLayers: index === stageLayers.length - 1 ? facts.draftLayers : 0,
    }
  })
}

/**
 * How many layers each stage takes where nobody says it: as many as the others, the rest one by one from the last but one back.
 * Undefined where kinds of layers share blocks, whose groups span all stages.
 */
export function stagesInOrder({ layers }: ModelFacts, pp: number): number[] | undefined {
  const isPlain = layers.every(({ layer }) => layer.kind === 'full' || layer.kind === 'mla')
  const total = layers.reduce((sum, { count }) => sum + count, 0)
  if (pp === 1 || !isPlain || total < pp) return undefined
  const each = Math.floor(total / pp)
  const rest = total - each * pp
  return Array.from({ length: pp }, (_, stage) => each + (stage < pp - 1 && stage >= pp - 1 - rest ? 1 : 0))
}
