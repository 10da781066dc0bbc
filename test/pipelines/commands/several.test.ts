import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { exitCodeOfAll, forEachRecipe, outcomesText } from '../../../pipelines/commands/several.ts'
import { StageError } from '../../../pipelines/error.ts'
import { openTaskQueue } from '../../../pipelines/process/one-at-a-time.ts'
import { progressOn } from '../../../pipelines/process/progress.ts'
import { displayOf } from '../../../pipelines/settings/display.ts'

const failure = { attempted: 'build b', found: 'nothing', hint: 'try' }

/** A stream as stderr is one, on a terminal or not, with what was written to it. */
function stream(isTTY: boolean) {
  const pipe = new PassThrough()
  const written: string[] = []
  pipe.on('data', (chunk) => written.push(String(chunk)))
  // What cli-progress and ingot read of a terminal; the stream itself is real.
  const terminal = Object.assign(pipe, { isTTY, columns: 120, rows: 40 }) as unknown as NodeJS.WriteStream
  return { terminal, text: () => stripVTControlCharacters(written.join('')) }
}

const items = ['a', 'b', 'c', 'd'].map((name) => ({ name }))
const running = () => new AbortController().signal

test('as many at a time as allowed; one that fails stops no other; each line says whose it is', async () => {
  const { terminal, text } = stream(false)
  let now = 0
  let most = 0
  const outcomes = await forEachRecipe(
    items,
    { limit: 2, progress: progressOn(terminal, displayOf({})), signal: running() },
    async ({ name }, progress) => {
      most = Math.max(most, ++now)
      progress.step(`works on ${name}`)
      progress.bytes('weights', 5_000_000, 5_000_000)
      await sleep(5)
      now -= 1
      if (name === 'b') throw new StageError('engine-failed', failure)
      return `image of ${name}`
    },
  )
  expect(most).toBe(2)
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true, true])
  expect(text()).toContain('ingot: a: works on a\n')
  expect(text()).toContain('ingot: d: weights 5.0 MB of 5.0 MB\n')
  expect(text()).toContain('ingot: b: failed\n')
  const summary = outcomesText(outcomes, (value) => value)
  expect(summary).toContain('ingot: could not build b\n  found: nothing\n')
  expect(summary).toContain('ingot: 3 of 4 recipes\n  a  image of a\n  b  failed, exit code 1\n')
})

test('a terminal has one line a recipe', async () => {
  const { terminal, text } = stream(true)
  await forEachRecipe(
    items,
    { limit: 4, progress: progressOn(terminal, displayOf({})), signal: running() },
    async ({ name }, progress) => {
      progress.bytes('weights', 3_000_000, 6_000_000)
      await sleep(150)
      progress.step(`boots ${name}`)
      await sleep(150)
    },
  )
  for (const { name } of items) {
    expect(text()).toMatch(new RegExp(`${name} {2}weights \\[=+-+\\] 3\\.0 MB of 6\\.0 MB`))
    expect(text()).toContain(`${name}  boots ${name}`)
    expect(text()).toContain(`${name}  done`)
  }
})

test('an interrupt ends all: what waits does not begin', async () => {
  const abort = new AbortController()
  const begun: string[] = []
  const all = forEachRecipe(
    items,
    { limit: 2, progress: progressOn(stream(false).terminal, displayOf({})), signal: abort.signal },
    async ({ name }) => {
      begun.push(name)
      await sleep(20)
      abort.abort(new Error('interrupted'))
    },
  )
  await expect(all).rejects.toThrow('interrupted')
  expect(begun).toEqual(['a', 'b'])
})

test('a single recipe fails as it would alone', async () => {
  const { terminal, text } = stream(false)
  const context = { limit: 2, progress: progressOn(terminal, displayOf({})), signal: running() }
  const act = async () => Promise.reject(new StageError('no-engine', failure))
  await expect(forEachRecipe(items.slice(0, 1), context, act)).rejects.toMatchObject({ code: 'no-engine' })
  expect(text()).toBe('')
})

test.each([
  ['all good', ['verified', 'verified'], 0],
  ['one not verified', ['verified', 'failed'], 1],
  ['no engine for any', [new StageError('no-engine', failure), new StageError('no-engine', failure)], 3],
  [
    'a usage error and a failed stage',
    [new StageError('usage', failure), new StageError('drifted', failure)],
    1,
  ],
])('exit code: %s', (_, results, code) => {
  const outcomes = results.map((result) =>
    typeof result === 'string'
      ? { name: 'x', ok: true as const, value: result }
      : { name: 'x', ok: false as const, error: result },
  )
  expect(exitCodeOfAll(outcomes, (value) => value === 'verified')).toBe(code)
})

test('turns: one after the other, also after a failure', async () => {
  const turn = openTaskQueue()
  const order: string[] = []
  const act = (name: string) => async () => {
    order.push(`${name} begins`)
    await sleep(5)
    order.push(`${name} ends`)
    if (name === 'first') throw new Error('fell')
    return name
  }
  const results = await Promise.allSettled([turn(act('first')), turn(act('second'))])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
})

test('two recipes of one name are refused before anything begins', async () => {
  const { terminal } = stream(false)
  const begun: string[] = []
  const both = [...items, { name: 'a' }]
  const options = { limit: 2, progress: progressOn(terminal, displayOf({})), signal: running() }
  const run = forEachRecipe(both, options, async ({ name }) => void begun.push(name))
  await expect(run).rejects.toMatchObject({
    code: 'usage',
    failure: { found: expect.stringContaining('the name a') },
  })
  expect(begun).toEqual([])
})
