import { describe, expect, test } from 'vitest'
import { compare } from './judge.ts'
import { givenPools } from './pools.ts'

describe.each(givenPools)('$id $source', (logged) => {
  test.each(compare(logged))('$figure is $logged', ({ agreement, planned, logged: value }) => {
    expect(agreement, `planned ${planned}, logged ${value}`).not.toBe('off')
  })
})
