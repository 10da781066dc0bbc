import { expect, test } from 'vitest'
import { standInBoot } from '../../../../images/boot/stand-in.ts'
import { planImage } from '../../../../images/plan/plan.ts'
import { deploymentFor, lockFor, recipeFor } from '../fixtures.ts'

function standIn(gpu: string | undefined, runtime: 'packages' | 'upstream') {
  const recipe = recipeFor('sglang', (draft) => {
    draft.engine = { ...draft.engine, runtime, device: 'cuda' }
    if (gpu === undefined) delete draft.target.gpu
    else draft.target.gpu = gpu
  })
  const deployment = deploymentFor(recipe)
  return deployment.engine.behaviour(deployment).gpu?.standIn
}

test('operators of a Hopper are lent under the name that a machine without a card looks for', () => {
  const folder = '/opt/sglang/lib/python3.11/site-packages/sgl_kernel'
  expect(standIn('h100', 'packages')?.folders).toEqual([{ from: `${folder}/sm90`, to: `${folder}/sm100` }])
})

test.each(['l4', 'b200', undefined])('of %s they are there already', (gpu) => {
  expect(standIn(gpu, 'packages')?.folders).toEqual([])
})

test('the official image has none: nobody has tried it', () => {
  expect(standIn('h100', 'upstream')).toBeUndefined()
})

test('the driver lies where a container toolkit puts the real one, for the platform', () => {
  const found = standIn('h100', 'packages')
  if (found === undefined) throw new Error('no stand-in')
  const paths = (platform: string) => standInBoot(found, platform).files.map(({ path }) => path)
  expect(paths('linux/amd64')).toEqual(['/usr/lib/x86_64-linux-gnu/libcuda.so.1', '/usr/bin/lscpu'])
  expect(paths('linux/arm64')[0]).toBe('/usr/lib/aarch64-linux-gnu/libcuda.so.1')
})

test('it is a part of the plan, so that the boot needs the store alone', () => {
  const recipe = recipeFor('sglang', (draft) => {
    draft.engine = { ...draft.engine, runtime: 'packages', device: 'cuda' }
  })
  const { verify, config } = planImage(recipe, lockFor(recipe))
  expect(verify.behaviour.gpu?.standIn?.arguments).toContain('--device')
  expect(config.Entrypoint).not.toContain('torch_native')
})
