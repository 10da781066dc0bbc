import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { messageOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'

/** Under load an order was seen to get lost in the tunnel; all of them can be given again. */
const attempts = 4

/**
 * Gives the harness one order over one connection: a line out, everything that comes back in. Throws `engine-failed` when
 * none of four attempts is answered.
 */
export async function giveOrder(port: number, line: string, limitMs = orderTimeoutMs(line)): Promise<Buffer> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = connect({ host: '127.0.0.1', port })
    const lost = setTimeout(() => socket.destroy(new Error(`no answer in ${limitMs / 1000} s`)), limitMs)
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
    found: `${messageOf(cause)}, ${attempts} times`,
    hint: 'look whether the engine still runs and has memory and processors left (`ingot doctor`), then try again',
    cause,
  })
}
