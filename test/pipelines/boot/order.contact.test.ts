import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { giveOrder } from '../../../pipelines/boot/order.ts'

/** Lets a harness that treats its n-th connection so answer one order. */
async function order(answer: (socket: Socket, count: number) => unknown): Promise<string> {
  let count = 0
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    answer(socket, ++count)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    // A listening TCP server has an address with a port.
    return (await giveOrder((server.address() as AddressInfo).port, 'log 0', 200)).toString()
  } finally {
    server.close()
  }
}

test('an order that got lost is given again', async () => {
  expect(await order((socket, count) => count > 2 && socket.end('words'))).toBe('words')
})

test.each<[string, (socket: Socket) => unknown, string]>([
  ['never answers', () => undefined, 'no answer in 1.6 s, at the last of 4 attempts'],
  ['resets the connection', (socket) => socket.resetAndDestroy(), ', at the last of 4 attempts'],
])('a harness that %s is an error with words, not a stack trace', async (_, answer, found) => {
  await expect(order(answer)).rejects.toMatchObject({
    code: 'engine-failed',
    failure: {
      attempted: 'give the order "log 0" to the harness around the booted server',
      found: expect.stringContaining(found),
    },
  })
})
