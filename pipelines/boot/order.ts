import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { messageOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'

/**
 * Under load an order was seen to get lost in the tunnel; all of them can be given again. Each attempt waits twice as long as the
 * one before: with load 35 on two cores four of 20 s were too few.
 */
const attempts = 4

/**
 * Gives the harness one order over one connection: a line out, everything that comes back in. Throws `engine-failed` when
 * none of four attempts is answered.
 */
export async function giveOrder(port: number, line: string, limitMs = orderTimeoutMs(line)): Promise<Buffer> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = connect({ host: '127.0.0.1', port })
    const patienceMs = limitMs * 2 ** (attempt - 1)
    const silence = new Error(`no answer in ${patienceMs / 1000} s`)
    const lost = setTimeout(() => socket.destroy(silence), patienceMs)
    try {
      socket.write(`${line}\n`)
      return await buffer(socket)
    } catch (error) {
      if (attempt === attempts) throw lostOrder(line, error)
    } finally {
      clearTimeout(lost)
    }
  }
}

function orderTimeoutMs(line: string): number {
  const [, grace = 0, start = 0] = /^stop(?:-loading)? \w+:(\d+)(?::(\d+):)?/.exec(line) ?? []
  return (Number(grace) + Number(start) + 20) * 1000
}

function lostOrder(line: string, cause: unknown): StageError {
  return new StageError('engine-failed', {
    attempted: `give the order "${line}" to the harness around the booted server`,
    found: `${messageOf(cause)}, at the last of ${attempts} attempts`,
    hint: 'look whether the engine still runs and has memory and processors left (`ingot doctor`), then try again',
    cause,
  })
}
