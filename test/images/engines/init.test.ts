import { expect, test } from 'vitest'
import { planImage } from '../../../images/plan/plan.ts'
import type { Lock } from '../../../recipes/lock.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor, recipeFor } from './fixtures.ts'

const init = [
  '/usr/bin/tini',
  '-e',
  '129',
  '--',
  '/usr/bin/dumb-init',
  '--rewrite',
  '15:1',
  '--rewrite',
  '2:1',
  '--',
]

function planned(change: (recipe: Recipe) => void = () => undefined, relock = (lock: Lock) => lock) {
  const recipe = recipeFor('llama-cpp', change)
  return planImage(recipe, relock(lockFor(recipe)))
}

/** A lock from before the init, or one that lost a part of it. */
function without(...names: string[]) {
  return (lock: Lock): Lock => {
    if (lock.runtime.type !== 'debian') throw new Error('not of Debian')
    const packages = lock.runtime.packages.filter(({ name }) => !names.includes(name))
    return { ...lock, runtime: { ...lock.runtime, packages } }
  }
}

test('llama-server of Debian is started by an init, whose programs stay in the image', () => {
  const { config, slimming } = planned()
  expect(config.Entrypoint?.slice(0, init.length + 1)).toEqual([...init, '/usr/bin/llama-server'])
  expect(slimming.closure?.roots).toEqual(expect.arrayContaining(['/usr/bin/tini', '/usr/bin/dumb-init']))
  expect(config.Env?.filter((line) => line.startsWith('LLAMA_ARG_SSE'))).toEqual([])
})

test('an init whose packages the base has already starts the server as well', () => {
  const lock = (before: Lock): Lock => {
    const { runtime, ...rest } = without('tini')(before)
    if (runtime.type !== 'debian') throw new Error('not of Debian')
    return { ...rest, runtime: { ...runtime, present: ['tini'] } }
  }
  expect(planned(undefined, lock).config.Entrypoint?.slice(0, init.length)).toEqual(init)
})

test('the init hears signals while the guard of mounted weights reads them', () => {
  const { config } = planned((recipe) => {
    recipe.weights.delivery = 'mounted'
  })
  expect(config.Entrypoint?.slice(init.length, init.length + 3)).toEqual([
    '/bin/sh',
    '/usr/local/lib/ingot/weights-guard',
    '/usr/bin/llama-server',
  ])
})

test.each([
  ['a lock from before the init', () => planned(undefined, without('tini', 'dumb-init'))],
  ['a lock with a part of it', () => planned(undefined, without('tini'))],
  [
    'the image of the project',
    () =>
      planned((recipe) => {
        recipe.engine.runtime = 'upstream'
      }),
  ],
])('%s gives an image without it, and its stops are those of a first process', (_, plan) => {
  const { config, verify } = plan()
  expect(config.Entrypoint?.[0]).toMatch(/\/llama-server$/)
  expect(config.Env).toContain('LLAMA_ARG_SSE_PING_INTERVAL=2')
  expect(verify.behaviour.stop.busy).toMatchObject({
    loading: { type: 'deaf' },
    streaming: { type: 'ends' },
    plain: { type: 'ends-without-client' },
  })
})
