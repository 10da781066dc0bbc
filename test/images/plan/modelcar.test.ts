import { expect, test } from 'vitest'
import { mediaTypes, type StoredLayer } from '../../../images/oci/oci.ts'
import { modelcarImage, modelcarLayers } from '../../../images/plan/modelcar.ts'
import { planDigestOf, planImage } from '../../../images/plan/plan.ts'
import { digestOf } from '../../../lib/digest.ts'
import { type DebianLock, type Lock, lockSchema } from '../../../recipes/lock.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

const modelcar: DebianLock = {
  type: 'debian',
  base: { reference: 'debian:bookworm-slim', digest: digestOf('base') },
  packages: [
    {
      name: 'busybox-static',
      version: '1:1.35',
      architecture: 'amd64',
      sizeBytes: 9,
      sha256: 'ab'.repeat(32),
    },
  ],
}
const names = [
  'config.json',
  'model.safetensors',
  'sub/a.json',
  'sub/b.json',
  'tokenizer.json',
  'smollm2-135m-instruct',
]
const recipe = recipeFor('vllm', ({ weights }) => {
  weights.delivery = 'artifact'
  weights.modelcar = true
})
const lock: Lock = { ...lockFor(recipe, names), modelcar }

test('a modelcar holds what KServe starts, and the model also right below /models', () => {
  const plan = planImage(recipe, lock).weights.modelcar
  if (plan === undefined) throw new Error('no modelcar is planned')
  expect(plan).toEqual({
    locked: modelcar,
    modelFolder: '/models/smollm2-135m-instruct',
    // A file that is named as the model itself cannot stand beside its folder.
    links: ['config.json', 'model.safetensors', 'sub', 'tokenizer.json'],
  })
  const [programs, links] = modelcarLayers(plan)
  expect(programs?.paths).toEqual([
    '/bin',
    '/bin/busybox',
    '/bin/ln',
    '/bin/ls',
    '/bin/sh',
    '/bin/sleep',
    '/usr',
    '/usr/share',
    '/usr/share/doc',
    '/usr/share/doc/busybox-static',
    '/usr/share/doc/busybox-static/copyright',
  ])
  expect(links?.paths).toEqual([
    '/models',
    '/models/config.json',
    '/models/model.safetensors',
    '/models/sub',
    '/models/tokenizer.json',
  ])
})

test('the wish changes the plan, the lock alone does not', () => {
  const without = { ...recipe, weights: { ...recipe.weights, modelcar: false } }
  const { modelcar: _, ...older } = lock
  expect(planDigestOf(planImage(without, lock))).toBe(planDigestOf(planImage(without, older)))
  expect(planDigestOf(planImage(recipe, lock))).not.toBe(planDigestOf(planImage(without, lock)))
})

test('a lock from before the wish is refused, and says what to do', () => {
  const { modelcar: _, ...older } = lock
  expect(() => planImage(recipe, older)).toThrow('weights.modelcar: the lock does not say')
})

test('a lock with a modelcar is a lock', () => {
  expect(lockSchema.parse(lock)).toEqual(lock)
})

test('the weights come first and as they are; no entrypoint hides the arguments', () => {
  const [layer] = planImage(recipe, lock).weights.layers
  if (layer === undefined) throw new Error('no layer of weights')
  const stored = (text: string): StoredLayer => ({
    descriptor: { mediaType: mediaTypes.layer, digest: digestOf(text), size: 1 },
    diffId: digestOf(text),
    cause: text,
  })
  const packed = [{ plan: layer, stored: stored('weights') }]
  const image = modelcarImage(packed, [stored('programs')], lock.weights, 'linux/arm64')
  const manifest = JSON.parse(image.manifest.bytes)
  expect(manifest.layers.map(({ digest }: { digest: string }) => digest)).toEqual([
    digestOf('weights'),
    digestOf('programs'),
  ])
  const { config, architecture } = JSON.parse(image.config.bytes)
  expect(architecture).toBe('arm64')
  expect(Object.keys(config).sort()).toEqual(['Env', 'Labels', 'User'])
  expect(config.User).toBe('10001:0')
  expect(config.Labels['dev.ingot.weights']).toBe(lock.weights.setDigest)
})
