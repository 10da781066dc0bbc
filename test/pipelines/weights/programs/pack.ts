import { planWeightLayers } from '../../../../images/weights/layers.ts'
import { readSettings } from '../../../../pipelines/settings/settings.ts'
import { closeStore, openStore } from '../../../../pipelines/store/open.ts'
import { packWeights } from '../../../../pipelines/weights/pack.ts'
import { lockedWeightsSchema } from '../../../../recipes/locked-weights.ts'

// A process of its own, for tests that kill it. Arguments: locked weights as JSON, folder of the store.
const [locked = '', storePath = ''] = process.argv.slice(2)
const weights = lockedWeightsSchema.parse(JSON.parse(locked))
const layers = planWeightLayers(weights.files, { modelFolder: '/models/test' })
const store = await openStore(storePath)
console.log('packing')
const stored = await packWeights(store, weights, layers, {
  recipeFolder: '/',
  settings: readSettings(process.env),
})
await closeStore(store)
console.log(JSON.stringify(stored.map((layer) => layer.descriptor.digest)))
