import { buffer } from 'node:stream/consumers'
import { messageOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'
import type { Channel } from './channel.ts'

/** With load 35 on two cores 160 s were too few for a shell and a few lines. */
const patienceSeconds = 300

/** Gives the harness one order: a line out, everything that comes back in. Throws `engine-failed` when nothing does. */
export async function giveOrder(
  channel: Channel,
  line: string,
  limitMs = orderTimeoutMs(line),
): Promise<Buffer> {
  const stream = channel.open('orders')
  const silence = new Error(`no answer in ${limitMs / 1000} s`)
  const lost = setTimeout(() => stream.destroy(silence), limitMs)
  try {
    // Its own end is not said: socat would not wait for the answer of an order that takes longer.
    stream.write(`${line}\n`)
    return await buffer(stream)
  } catch (error) {
    throw lostOrder(line, error)
  } finally {
    clearTimeout(lost)
    stream.destroy()
  }
}

function orderTimeoutMs(line: string): number {
  const [, grace = 0, start = 0] = /^stop(?:-loading)? \w+:(\d+)(?::(\d+):)?/.exec(line) ?? []
  return (Number(grace) + Number(start) + patienceSeconds) * 1000
}

function lostOrder(line: string, cause: unknown): StageError {
  return new StageError('engine-failed', {
    attempted: `give the order "${line}" to the harness around the booted server`,
    found: messageOf(cause),
    hint: 'look whether the engine still runs and has memory and processors left (`ingot doctor`), then try again',
    cause,
  })
}
