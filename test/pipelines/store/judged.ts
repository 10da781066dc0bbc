import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ImagePlan, planImage } from '../../../images/plan/plan.ts'
import type { Report } from '../../../images/report/report.ts'
import type { Digest } from '../../../lib/digest.ts'
import { buildImage } from '../../../pipelines/build/build.ts'
import type { BuildContext } from '../../../pipelines/build/build-context.ts'
import { keepRuntime } from '../../../pipelines/build/runtime.ts'
import { keepReport } from '../../../pipelines/catalogue/report-record.ts'
import { openTaskQueue } from '../../../pipelines/process/one-at-a-time.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import type { Lock } from '../../../recipes/lock.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor, recipeFor } from '../../images/engines/fixtures.ts'
import { boot } from '../../images/report-sample.ts'
import { scratchFolder } from '../../scratch.ts'
import { layerOf } from '../scan/layers.ts'
import { contextFor, sampleBytes } from '../weights/samples.ts'

export interface Judged {
  store: Store
  plan: ImagePlan
  lock: Lock
  recipe: Recipe
  report: Report
  runtimeLayer: Digest
  weightsLayer: Digest
  /** What the builds said. */
  said: string[]
  /** Its recipe's file. */
  file: string
  /** One more build of the same recipe. There is no engine: what needs one fails with `no engine here`. */
  build(verify: boolean, plan?: ImagePlan, more?: Partial<BuildContext>): Promise<Report>
}

/** An image of real weights from a folder and a made runtime, built as `ingot build` does and judged verified. */
export async function judgedImage(
  store: Store,
  change: (recipe: Recipe) => void = () => {},
): Promise<Judged> {
  const folder = await scratchFolder()
  await mkdir(join(folder, 'weights'))
  // Large enough for the store to remember it instead of reading it at every use.
  await writeFile(join(folder, 'weights/model.gguf'), sampleBytes(3e6, 'model'))
  const recipe = recipeFor('llama-cpp', (draft) => {
    draft.weights.source = { type: 'folder', path: 'weights' }
    change(draft)
  })
  const context = { ...contextFor(), recipeFolder: folder }
  const weights = await inventoryWeights({ type: 'folder', path: 'weights' }, context)
  const lock: Lock = { ...lockFor(recipe), weights }
  const plan = planImage(recipe, lock)
  const runtime = await layerOf(store, [{ name: 'usr/bin/server', text: 'program' }])
  await keepRuntime(store, plan, {
    layers: [runtime],
    tree: { removals: [], missing: [], stockBytes: 9, keptBytes: 7 },
  })
  const said: string[] = []
  const file = join(folder, 'recipe.yaml')
  const origin = { file, folder, lockFile: join(folder, 'recipe.lock.json'), recipe, lock }
  const build = (verify: boolean, of = plan, more: Partial<BuildContext> = {}) =>
    buildImage(of, lock.weights, { ...context, ...contextOf(store, said), origin, verify, ...more })
  const built = await build(false)
  const report: Report = { ...built, verdict: 'verified', boots: [boot()] }
  await keepReport(store, report)
  said.length = 0
  const weightsLayer = built.layers.find(({ sizeBytes }) => sizeBytes > 1e6)?.digest
  if (weightsLayer === undefined && plan.weights.delivery === 'baked') throw new Error('no layer of weights')
  return {
    ...{ store, plan, lock, recipe, file, report, said, build },
    runtimeLayer: runtime.descriptor.digest,
    weightsLayer: weightsLayer ?? runtime.descriptor.digest,
  }
}

function contextOf(store: Store, said: string[]) {
  return {
    store,
    factory: undefined,
    progress: { step: (text) => void said.push(text), bytes() {}, end() {} },
    engine: () => Promise.reject(new Error('no engine here')),
    signal: new AbortController().signal,
    boots: openTaskQueue(),
  } satisfies Partial<BuildContext>
}
