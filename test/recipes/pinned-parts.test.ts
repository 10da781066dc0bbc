import { expect, test } from 'vitest'
import { lockFit } from '../../images/plan/lock-fit.ts'
import type { Lock } from '../../recipes/lock.ts'
import { formatLock, parseLock } from '../../recipes/lock.ts'
import { setsOf, wholeWeights } from '../../recipes/pinned-parts.ts'
import { setDigestOf } from '../../recipes/weights.ts'
import { hash, lockMadeFrom, rawRecipe, recipeOf, sources } from './locked.ts'

const adapter = { role: 'adapter', name: 'sql', source: sources.url }

function locked(parts: unknown[]): { lock: Lock; edit(parts: unknown[]): string[] } {
  const recipe = recipeOf({ ...rawRecipe('url'), parts })
  const files = [{ path: 'model.gguf', sizeBytes: 10, sha256: hash('a') }]
  const weights = {
    source: { type: 'url', url: sources.url.url } as const,
    files,
    setDigest: setDigestOf(files),
  }
  const pinned = recipe.parts.flatMap((part) =>
    part.source === undefined
      ? []
      : [{ role: part.role, ...('name' in part && { name: part.name }), weights }],
  )
  const lock = { ...lockMadeFrom(recipe), ...(pinned.length > 0 && { parts: pinned }) }
  return {
    lock: parseLock(formatLock(lock), 'x.lock.json'),
    edit: (edited) => lockFit(recipeOf({ ...rawRecipe('url'), parts: edited }), lock).map(({ path }) => path),
  }
}

test.each([
  ['nothing', [adapter], []],
  ['a part that is added', [adapter, { role: 'drafter', source: sources.url }], ['parts']],
  ['a part that goes', [], ['parts']],
  ['another name', [{ ...adapter, name: 'other' }], ['parts']],
  ['another role', [{ ...adapter, role: 'model' }], ['parts']],
  [
    'another address',
    [{ ...adapter, source: { ...sources.url, url: 'https://example.org/b.gguf' } }],
    ['parts.0.source.url'],
  ],
  [
    'another hash',
    [{ ...adapter, source: { ...sources.url, sha256: hash('b') } }],
    ['parts.0.source.sha256'],
  ],
  ['another kind of source', [{ ...adapter, source: sources.folder }], ['parts.0.source.type']],
  ['a licence', [{ ...adapter, license: 'mit' }], []],
  ['heads inside the model', [adapter, { role: 'drafter', method: 'mtp' }], []],
])('an edit of parts: %s', (_, parts, paths) => {
  expect(locked([adapter]).edit(parts)).toEqual(paths)
})

test('how many tokens are guessed is no matter of the lock', () => {
  const drafter = { role: 'drafter', source: sources.url, tokens: 3 }
  expect(locked([drafter]).edit([{ ...drafter, tokens: 5 }])).toEqual([])
})

test('a lock without parts is packed as it is', () => {
  const { lock } = locked([])
  expect(lock).not.toHaveProperty('parts')
  expect(wholeWeights(lock)).toBe(lock.weights)
})

test('files of a part lie below its folder, and come apart again', () => {
  const { lock } = locked([adapter])
  const whole = wholeWeights(lock)
  expect(whole.files.map(({ path }) => path)).toEqual(['model.gguf', 'parts/adapter/sql/model.gguf'])
  expect(whole.setDigest).not.toBe(lock.weights.setDigest)
  expect(setsOf(whole).map(({ folder, weights }) => [folder, weights.files])).toEqual([
    ['', lock.weights.files],
    ['parts/adapter/sql', lock.parts?.[0]?.weights.files],
  ])
})
