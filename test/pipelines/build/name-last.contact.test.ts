import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ImagePlan, planDigestOf, planImage } from '../../../images/plan/plan.ts'
import type { Digest } from '../../../lib/digest.ts'
import type { BuildContext } from '../../../pipelines/build/build-context.ts'
import { keepRuntime } from '../../../pipelines/build/runtime.ts'
import { findImage } from '../../../pipelines/catalogue/find-image.ts'
import { recallReport } from '../../../pipelines/catalogue/report-record.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { statBlob } from '../../../pipelines/store/blobs.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { listRecordKinds, listRecords } from '../../../pipelines/store/record.ts'
import { listReferences, resolveReference } from '../../../pipelines/store/reference.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { scratchFolder } from '../../scratch.ts'
import { serve } from '../../servers/openai.ts'
import { runnerOf } from '../../servers/runner.ts'
import { layerOf } from '../scan/layers.ts'
import { ingot } from '../store/commands.ts'
import { type Judged, judgedImage } from '../store/judged.ts'

/** An image with a name, and a later plan of the same recipe that becomes another image. */
async function earlierImage(
  store: Store,
  change: (recipe: Recipe) => void = () => {},
  delivery: Recipe['weights']['delivery'] = 'baked',
) {
  const judged = await judgedImage(store, (draft) => {
    draft.weights.delivery = delivery
  })
  const recipe = structuredClone(judged.recipe)
  recipe.serving.parallelism = 3
  change(recipe)
  const plan = planImage(recipe, judged.lock)
  const origin = { file: judged.file, folder: '/', lockFile: '/lock', recipe, lock: judged.lock }
  const build = (more: Partial<BuildContext>) => judged.build(true, plan, { origin, ...more })
  return { judged, plan, build, names: await namesIn(store) }
}

async function namesIn(store: Store): Promise<string[]> {
  const all = await listReferences(store)
  return all.map(({ name, descriptor }) => `${name} ${descriptor.digest}`).sort()
}

/** A server that ends before it was ready, as one does that cannot read its model. */
function dyingRunner(before: () => Promise<unknown> = async () => {}) {
  return runnerOf(async () => {
    await before()
    const server = await serve()
    server.die(1)
    return server
  })
}

interface Attempt {
  judged: Judged
  plan: ImagePlan
  build(more: Partial<BuildContext>): Promise<unknown>
}

const failures: Record<
  string,
  { change?: (recipe: Recipe) => void; fail(attempt: Attempt): Promise<unknown>; words: RegExp }
> = {
  'is over its budget': {
    change: (recipe) => {
      recipe.image.budgets.total = 10
    },
    fail: ({ build }) => build({ runner: dyingRunner() }),
    words: /total is 3\.0 MB, allowed 10 B\n {2}the image is sha256:[0-9a-f]{64}; it got no name/,
  },
  'has a secret in a layer': {
    async fail({ judged, plan, build }) {
      const runtime = await layerOf(judged.store, [
        { name: 'etc/token', text: 'it is canary-of-the-run-1234' },
      ])
      const tree = { removals: [], missing: [], stockBytes: 9, keptBytes: 7 }
      await keepRuntime(judged.store, plan, { layers: [runtime], tree })
      await build({ settings: readSettings({ ...process.env, HF_TOKEN: 'canary-of-the-run-1234' }) })
    },
    words: /\/etc\/token.*\n? *the image is sha256:[0-9a-f]{64}; it got no name/s,
  },
  'finds no engine to boot it': {
    fail: ({ build }) => build({}),
    words: /no engine here/,
  },
  'is interrupted while it boots': {
    fail({ build }) {
      const interrupt = new AbortController()
      const runner = dyingRunner(async () => interrupt.abort(new Error('interrupted by hand')))
      return build({ runner, signal: interrupt.signal })
    },
    words: /interrupted by hand/,
  },
}

test.each(Object.entries(failures))(
  'a build that %s leaves the earlier name where it was',
  async (_what, { change, fail, words }) => {
    const root = join(await scratchFolder(), 'store')
    const store = await openStore(root)
    const attempt = await earlierImage(store, change)
    await expect(fail(attempt)).rejects.toThrow(words)
    expect(await namesIn(store)).toEqual(attempt.names)
    await closeStore(store)
    // What is left of it goes once nothing keeps it; the earlier image stays.
    expect((await ingot(root, 'prune', '--unused-for', '0')).code).toBe(0)
    expect(await recallReport(store, planDigestOf(attempt.plan))).toBeUndefined()
    expect(await statBlob(store, attempt.judged.report.image)).toBeGreaterThan(0)
    for (const kind of await listRecordKinds(store))
      expect(await listRecords(store, kind), kind).not.toContain(planDigestOf(attempt.plan))
  },
)

test.each(['baked', 'artifact'] as const)(
  'a build whose server does not boot reports it, with weights %s, and leaves every name where it was',
  async (delivery) => {
    const root = join(await scratchFolder(), 'store')
    const store = await openStore(root)
    const { build, names, plan } = await earlierImage(store, undefined, delivery)
    const report = await build({ runner: dyingRunner() })
    expect(report).toMatchObject({ verdict: 'failed', plan: planDigestOf(plan) })
    expect(await namesIn(store)).toEqual(names)
    expect(names.length).toBe(delivery === 'baked' ? 1 : 3)
  },
)

test('weights that changed get their name with the image that was judged with them, and not before', async () => {
  const store = await openStore(join(await scratchFolder(), 'store'))
  const { build, judged } = await earlierImage(store, undefined, 'artifact')
  const name = `${judged.plan.name}-weights:latest`
  await rm(join(store.root, 'index.json'))
  await closeStore(await openStore(store.root))
  await build({ runner: dyingRunner() })
  expect(await namesIn(store)).toEqual([])
  await build({ verify: false })
  // The failed verdict is still what is known of this plan.
  expect(await namesIn(store)).toEqual([])
  await judged.build(false)
  expect(await resolveReference(store, name)).toBeDefined()
  await closeStore(store)
})

test('an image that failed is found by its digest, shown, listed, and pruned by it', async () => {
  const root = join(await scratchFolder(), 'store')
  const store = await openStore(root)
  const { build, judged, plan } = await earlierImage(store)
  const { image } = await build({ runner: dyingRunner() })
  const found = await findImage(image, store, { settings: { locksFolder: undefined }, act: 'verify' })
  expect(found).toMatchObject({ plan, report: { image, verdict: 'failed' }, origin: { lock: judged.lock } })
  await closeStore(store)
  expect(await ingot(root, 'size', image)).toMatchObject({ code: 0 })
  // It gets as far as the program that would boot it.
  const verified = await ingot(root, 'verify', image, '--runner', 'podman', '--gpus', 'all')
  expect(verified.err).not.toContain('no-image')
  expect(verified.err).toContain(`hash ${image}`)
  expect((await ingot(root, 'list')).out).toContain(`  ${plan.name}  ${image}  failed, without a name\n`)
  expect((await ingot(root, 'prune')).out).toBe('freed 0 B in 0 blobs\n')
  const pruned = await ingot(root, 'prune', image)
  expect(pruned.out).toContain(
    `lost ${plan.name} ${image}, judged "failed", with its report: its digest was given`,
  )
  expect(await statBlob(store, image)).toBeUndefined()
  expect(await statBlob(store, judged.report.image)).toBeGreaterThan(0)
  expect((await ingot(root, 'verify', image)).err).toContain('the store has no such name or digest')
})

test('what is over its budget keeps a report that says so, is not booted, and fails again', async () => {
  const store = await openStore(join(await scratchFolder(), 'store'))
  const { build, plan } = await earlierImage(store, failures['is over its budget']?.change)
  const boots: number[] = []
  const runner = dyingRunner(async () => boots.push(Date.now()))
  for (const verify of [true, false])
    await expect(build({ runner, verify })).rejects.toMatchObject({ code: 'over-budget' })
  expect(boots).toEqual([])
  const report = await recallReport(store, planDigestOf(plan))
  expect(report?.verdict).toBe('failed')
  expect(report?.checks.filter(({ status }) => status === 'failed').map(({ id }) => id)).toEqual([
    'within-budgets',
  ])
  await closeStore(store)
})

test('prune frees nothing while an image without a name is verified', async () => {
  const root = join(await scratchFolder(), 'store')
  const store = await openStore(root)
  const { build } = await earlierImage(store)
  const images: Digest[] = []
  let meanwhile: Awaited<ReturnType<typeof ingot>> | undefined
  const runner = dyingRunner(async () => {
    meanwhile ??= await ingot(root, 'prune', '--unused-for', '0')
  })
  const boot: typeof runner.boot = (request, use) => {
    images.push(request.image)
    return runner.boot(request, use)
  }
  const { image } = await build({ runner: { ...runner, boot } })
  expect(meanwhile?.err).toContain('1 other process uses it')
  expect(meanwhile?.code).not.toBe(0)
  expect(images).toContain(image)
  expect(await statBlob(store, image)).toBeGreaterThan(0)
  await closeStore(store)
})
