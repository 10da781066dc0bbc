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
