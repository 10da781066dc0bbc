import { expect, test } from 'vitest'
import { planImage } from '../../../images/plan/plan.ts'
import { engineIds } from '../../../recipes/engine-ids.ts'
import { lockFor, recipeFor } from './fixtures.ts'

const fromUpstream = engineIds.filter((id) => lockFor(recipeFor(id)).runtime.type === 'upstream')

test('some engines are taken out of an image of their own project', () => {
  expect(fromUpstream.length).toBeGreaterThan(0)
})

test.each(fromUpstream)(
  '%s keeps the variables of its upstream image, but for HOME and the offline settings',
  (id) => {
    const recipe = recipeFor(id)
    const lock = lockFor(recipe)
    if (lock.runtime.type !== 'upstream') throw new Error(`${id} has no upstream image`)
    const environment = { CUDA_VERSION: '13', HOME: '/root', HF_HUB_OFFLINE: '0' }
    const { Env = [] } = planImage(recipe, { ...lock, runtime: { ...lock.runtime, environment } }).config
    expect(Env).toContain('CUDA_VERSION=13')
    expect(Env).toContain('HOME=/tmp')
    expect(Env).toContain('HF_HUB_OFFLINE=1')
  },
)
