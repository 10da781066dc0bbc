import { readFileSync } from 'node:fs'
import { planWeightLayers } from '../../images/weights/layers.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { packWeights } from '../../pipelines/weights/pack.ts'
import { lockedWeightsSchema } from '../../recipes/locked-weights.ts'

// Arguments: lock of the weights, folder of the store. Prints one line of JSON with what the operating system counted.
const [lockPath = '', storePath = ''] = process.argv.slice(2)
const weights = lockedWeightsSchema.parse(JSON.parse(readFileSync(lockPath, 'utf8')))
const layers = planWeightLayers(weights.files, { modelFolder: '/models/bench' })
const store = await openStore(storePath)
const began = performance.now()
const cpu = process.cpuUsage()
const stored = await packWeights(store, weights, layers, {
  recipeFolder: '/',
  settings: readSettings(process.env),
})
const seconds = (performance.now() - began) / 1000
const { user, system } = process.cpuUsage(cpu)
await closeStore(store)
const io = Object.fromEntries(
  readFileSync('/proc/self/io', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(': ')),
)
console.log(
  JSON.stringify({
    seconds,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    // write_bytes misses what O_DIRECT wrote on some file systems; wchar counts what was handed to write().
    writtenBytes: Math.max(Number(io['write_bytes']), Number(io['wchar'])),
    readBytes: Number(io['rchar']),
    cpuSeconds: (user + system) / 1e6,
    digests: stored.map((layer) => layer.descriptor.digest),
  }),
)
