import { expect, test } from 'vitest'
import { inTurn } from '../../../pipelines/verify/turn.ts'

/** Boots that let others go on while they run; gives how many ran at once at most. */
async function mostAtOnce(takesTurns: boolean): Promise<number> {
  let running = 0
  let most = 0
  const boot = async () => {
    running += 1
    most = Math.max(most, running)
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    running -= 1
  }
  await Promise.all(Array.from({ length: 4 }, () => inTurn({ takesTurns }, undefined, boot)))
  return most
}

test('servers that share processors run one after the other', async () => {
  expect(await mostAtOnce(true)).toBe(1)
})

test('servers on GPUs wait for nobody', async () => {
  expect(await mostAtOnce(false)).toBe(4)
})

test('a boot that fails gives its turn away', async () => {
  const failing = () => Promise.reject(new Error('no server'))
  await expect(inTurn({ takesTurns: true }, undefined, failing)).rejects.toThrow('no server')
  expect(await inTurn({ takesTurns: true }, undefined, async () => 'next')).toBe('next')
})

test('whoever waits for a turn can be interrupted', async () => {
  const stop = new AbortController()
  await inTurn({ takesTurns: true }, undefined, async () => {
    const waiting = inTurn({ takesTurns: true }, stop.signal, async () => 'had its turn')
    stop.abort(new Error('interrupted'))
    await expect(waiting).rejects.toThrow()
  })
})
