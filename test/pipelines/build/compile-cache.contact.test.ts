import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compileCacheCause } from '../../../images/oci/layer-causes.ts'
import { type ImagePlan, planImage } from '../../../images/plan/plan.ts'
import { digestOf } from '../../../lib/digest.ts'
import { compileCacheLayer, compiledOfPlan } from '../../../pipelines/build/compile-cache.ts'
import { listLayer } from '../../../pipelines/image-reader/layer.ts'
import { readBlob } from '../../../pipelines/store/blobs.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { lockFor, recipeFor } from '../../images/engines/fixtures.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { serve } from '../../servers/openai.ts'
import { runnerOf, type TinyRunner } from '../../servers/runner.ts'
import { plan as tiny } from '../verify/plan.ts'

/** The plan of vLLM with the questions of a small server. */
function planned(contextLength = 512): ImagePlan {
  const recipe = recipeFor('vllm', (draft) => {
    delete draft.target.gpu
    draft.engine.device = 'cpu'
    draft.engine.runtime = 'packages'
    draft.image.compileCache = true
    draft.serving.contextLength = contextLength
  })
  return { ...planImage(recipe, lockFor(recipe)), model: tiny.model, port: tiny.port, verify: tiny.verify }
}

const quiet = { step: () => undefined, bytes: () => undefined }

/** A tar with one file, as the runner takes it of a container. */
async function tarOf(content: string): Promise<Uint8Array> {
  const folder = await scratchFolder()
  const path = 'usr/local/lib/ingot/compile-cache/tmp/triton/a.so'
  await mkdir(join(folder, path, '..'), { recursive: true })
  await writeFile(join(folder, path), content)
  execFileSync('tar', ['--create', '--file', join(folder, 'x.tar'), '--directory', folder, path])
  return readFile(join(folder, 'x.tar'))
}

function taking(store: Store, options: TinyRunner) {
  const boots = { count: 0 }
  const runner = runnerOf(() => {
    boots.count += 1
    return serve()
  }, options)
  const take = (plan = planned(), runtime = 'runtime') =>
    compileCacheLayer(
      plan,
      {
        image: digestOf('image'),
        runtime: [
          {
            descriptor: { mediaType: 'x', digest: digestOf(runtime), size: 1 },
            diffId: digestOf(runtime),
            cause: runtime,
          },
        ],
        mounts: [],
      },
      { store, runner, progress: quiet as never, signal: new AbortController().signal },
    )
  return { boots, take }
}

test('the image is booted once, and an equal plan takes the layer from the store; a stale one is not taken', async () => {
  const store = await scratchStore()
  const { boots, take } = taking(store, {
    compiledFiles: ['tmp/triton/a.so'],
    compiledTar: await tarOf('code'),
  })
  const first = await take()
  expect(first.check).toMatchObject({
    status: 'passed',
    observed: expect.stringMatching(/^1 files, .*taken from a boot/),
  })
  const [layer] = first.layers
  expect(layer).toMatchObject({ cause: compileCacheCause })
  if (layer === undefined) throw new Error('no layer')
  const scratch = await scratchFolder()
  const entries = await listLayer(readBlob(store, layer.descriptor.digest), { what: 'the layer', scratch })
  expect(entries.filter(({ type }) => type === 'file').map(({ path }) => path)).toEqual([
    '/usr/local/lib/ingot/compile-cache/tmp/triton/a.so',
  ])
  // A build that boots nothing has it too.
  expect((await compiledOfPlan(store, planned()))?.layers).toEqual(first.layers)
  expect(await compiledOfPlan(store, planned(256))).toBeUndefined()
  const again = await take()
  expect(again.layers).toEqual(first.layers)
  expect(again.check.observed).toContain('kept from an earlier build')
  expect(boots.count).toBe(1)
  await take(planned(256))
  await take(planned(), 'another runtime')
  expect(boots.count).toBe(3)
})

test.each<[string, TinyRunner, RegExp]>([
  ['nothing was compiled', { compiledFiles: [] }, /^not made: the engine compiled nothing/],
  ['nobody may look into it', { compiledFiles: null }, /^not made: the runner cannot look into/],
])('where %s the image has no layer, and the report says why', async (_, options, words) => {
  const { take } = taking(await scratchStore(), options)
  const { layers, check } = await take()
  expect(layers).toEqual([])
  expect(check).toMatchObject({ status: 'skipped', required: false, observed: expect.stringMatching(words) })
})

test('for a GPU that is not there nothing is booted', async () => {
  const { boots, take } = taking(await scratchStore(), {})
  const recipe = recipeFor('vllm', (draft) => {
    delete draft.engine.device
    draft.target.gpu = 'h100'
    draft.engine.runtime = 'packages'
    draft.image.compileCache = true
  })
  const { check } = await take(planImage(recipe, lockFor(recipe)))
  expect(check.observed).toMatch(/^not made: it is compiled for a GPU/)
  expect(boots.count).toBe(0)
})
