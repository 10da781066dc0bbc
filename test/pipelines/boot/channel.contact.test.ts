import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type Channel, openChannel } from '../../../pipelines/boot/channel.ts'
import { forwardTo } from '../../../pipelines/boot/forward.ts'
import { giveOrder } from '../../../pipelines/boot/order.ts'
import { scratchFolder } from '../../scratch.ts'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

type Treatment = (socket: Socket) => unknown

async function listening(treat: Treatment, at: string | number = 0): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    treat(socket)
  })
  server.listen(typeof at === 'number' ? { host: '127.0.0.1', port: at } : { path: at })
  await once(server, 'listening')
  endings.push(() => server.close())
  return server
}

function portOf(server: Server): number {
  // A listening TCP server has an address with a port.
  return (server.address() as AddressInfo).port
}

/** The harness's end as it runs there, in front of a server and of what takes orders; a plain port stands for the tunnel. */
async function channelTo(server: Treatment | number, orders: Treatment = () => undefined): Promise<Channel> {
  const folder = await scratchFolder()
  const [arrival, taken] = [join(folder, 'channel'), join(folder, 'orders')]
  const port = typeof server === 'number' ? server : portOf(await listening(server))
  await listening(orders, taken)
  const script = join(import.meta.dirname, '../../../pipelines/boot/channel.pl')
  const harness = spawn('perl', [script, arrival, `127.0.0.1:${port}`, taken], { stdio: 'ignore' })
  endings.push(() => harness.kill())
  const tunnel = await listening((outer) => {
    const inner = connect(arrival)
    inner.on('error', () => outer.destroy())
    outer.pipe(inner).pipe(outer)
    outer.on('close', () => inner.destroy())
  })
  const channel = await openChannel(portOf(tunnel), 200)
  endings.push(() => channel.close())
  return channel
}

test('many questions at once come back to those who put them, to the byte', async () => {
  const channel = await channelTo((socket) => socket.pipe(socket))
  const questions = Array.from({ length: 64 }, (_, index) => randomBytes(index * 20_000))
  const answers = questions.map((question) => {
    const stream = channel.open('server')
    stream.end(question)
    return buffer(stream)
  })
  expect(
    (await Promise.all(answers)).map((answer, index) => answer.equals(questions[index] as Buffer)),
  ).toEqual(questions.map(() => true))
})

test('a server that answers and hangs up before it read all is heard, and asked again', async () => {
  const channel = await channelTo((socket) => socket.once('data', () => socket.end('enough')))
  const { url, close } = await forwardTo(() => channel.open('server'))
  endings.push(close)
  for (let count = 0; count < 40; count += 1) {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) })
    socket.write(randomBytes(30_000))
    expect(await text(socket)).toBe('enough')
  }
})

test('a port where nobody listens yet closes what comes, and takes it afterwards', async () => {
  const early = await listening(() => undefined)
  const port = portOf(early)
  early.close()
  const channel = await channelTo(port)
  for (let count = 0; count < 20; count += 1) {
    const stream = channel.open('server')
    stream.on('error', () => undefined)
    stream.write(randomBytes(30_000))
    await new Promise((done) => stream.resume().once('close', done))
  }
  await listening((socket) => socket.pipe(socket), port)
  const stream = channel.open('server')
  stream.end('a question')
  expect(await text(stream)).toBe('a question')
})

test('whoever hangs up is missed by the server', async () => {
  let left: Promise<unknown> | undefined
  const arrived = Promise.withResolvers<void>()
  const channel = await channelTo((socket) => {
    left = once(socket.resume(), 'end')
    arrived.resolve()
  })
  const stream = channel.open('server')
  stream.on('error', () => undefined)
  stream.write('a question')
  await arrived.promise
  stream.destroy()
  expect(await left).toEqual([])
})

test('an order is answered however long it takes', async () => {
  const channel = await channelTo(
    () => undefined,
    (socket) => socket.once('data', async (line) => sleep(700).then(() => socket.end(`done ${line}`))),
  )
  expect(`${await giveOrder(channel, 'stop TERM:1')}`).toBe('done stop TERM:1\n')
})

test('an order that nobody answers is an error with words, not a stack trace', async () => {
  const channel = await channelTo(() => undefined)
  await expect(giveOrder(channel, 'log 0', 200)).rejects.toMatchObject({
    code: 'engine-failed',
    failure: {
      attempted: 'give the order "log 0" to the harness around the booted server',
      found: 'no answer in 0.2 s',
    },
  })
})

test('a tunnel that says nothing is tried four times', async () => {
  let tries = 0
  const tunnel = await listening(() => ++tries)
  await expect(openChannel(portOf(tunnel), 20)).rejects.toMatchObject({
    code: 'engine-failed',
    failure: { found: 'no hello at the last of 4 attempts' },
  })
  expect(tries).toBe(4)
})
