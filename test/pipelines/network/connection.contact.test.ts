import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openConnection } from '../../../pipelines/network/connection.ts'
import { ConnectionFailure, wordsOf } from '../../../pipelines/network/connection-failure.ts'
import { get, getBytes, getText } from '../../../pipelines/network/http.ts'
import { watchedLookup } from '../../../pipelines/network/name-lookup.ts'
import { startAnswering } from '../../servers/answering.ts'

type Handler = Parameters<typeof startAnswering>[0]

async function serverWith(answer: Handler) {
  const server = await startAnswering(answer)
  onTestFinished(() => server.close())
  return server
}

function connect() {
  const connection = openConnection({})
  onTestFinished(connection.close)
  return connection
}

test('a login stays with its origin when the server sends the request elsewhere, and nothing else is dropped', async () => {
  const seen: (string | undefined)[] = []
  const elsewhere = await serverWith((request, response) => {
    seen.push(request.headers.authorization, request.headers.cookie, request.headers.range)
    response.end('bytes')
  })
  const server = await serverWith((request, response) => {
    const location = request.url === '/here' ? '/there' : `${elsewhere.url}/blob`
    if (request.url === '/there') seen.push(request.headers.authorization)
    response.writeHead(307, { location }).end()
  })
  const headers = { authorization: 'Bearer t', cookie: 'c', range: 'bytes=0-4' }
  const { text, url } = await getText(`${server.url}/here`, { ...connect(), headers })
  expect([text, url]).toEqual(['bytes', `${elsewhere.url}/blob`])
  expect(seen).toEqual(['Bearer t', undefined, undefined, 'bytes=0-4'])
})

test.each([
  [301, 'GET', ''],
  [302, 'GET', ''],
  [303, 'GET', ''],
  [307, 'POST', 'body'],
  [308, 'POST', 'body'],
])('after %i a POST is a %s', async (status, method, body) => {
  const seen: string[] = []
  const server = await serverWith(async (request, response) => {
    if (request.url === '/a') return response.writeHead(status, { location: '/b' }).end()
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    seen.push(request.method ?? '', Buffer.concat(chunks).toString())
    return response.end()
  })
  const { fetch } = connect()
  await fetch(`${server.url}/a`, { body: Buffer.from('body') })
  expect(seen).toEqual([method, body])
})

test('who wants redirects as answers gets them', async () => {
  const server = await serverWith((_, response) => response.writeHead(302, { location: '/b' }).end())
  const answer = await connect().fetch(server.url, { staysHere: true })
  expect([answer.status, server.asked.length]).toEqual([302, 1])
})

test.each<[string, Handler]>([
  ['before its head', () => {}],
  ['within its body', (_, response) => response.writeHead(200, { 'content-length': 10 }).write('12345')],
])('a server that says nothing %s counts as cut', async (_, answer) => {
  const server = await serverWith(answer)
  const reading = getBytes(server.url, { ...connect(), stallMs: 100 })
  await expect(reading).rejects.toMatchObject({
    code: 'network',
    failure: { attempted: `read ${server.url}/`, found: 'nothing moved for 0.1 s' },
  })
})

test('a server that sends a blank now and then counts as cut', async () => {
  const server = await serverWith((_, response) => {
    response.writeHead(200, { 'content-length': 10_000 })
    const sending = setInterval(() => response.write(' '), 20)
    response.once('close', () => clearInterval(sending))
  })
  await expect(getBytes(server.url, { ...connect(), stallMs: 300 })).rejects.toMatchObject({
    code: 'network',
    failure: { found: expect.stringMatching(/^\d+ bytes in \d+ s: it would never end$/) },
  })
})

test('a reader that takes its time is no stalled server', async () => {
  const server = await serverWith((_, response) => response.end(Buffer.alloc(300_000)))
  let sizeBytes = 0
  const { body } = await get(server.url, { ...connect(), stallMs: 60 })
  await sleep(150)
  for await (const chunk of body) {
    if (sizeBytes === 0) await sleep(150)
    sizeBytes += chunk.byteLength
  }
  expect(sizeBytes).toBe(300_000)
})

test.each<[string, Handler]>([
  ['before an answer', (request) => void request.socket.destroy()],
  [
    'within it',
    (request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('12345')
      setTimeout(() => request.socket.destroy(), 20)
    },
  ],
])('a connection that ends %s is worth another attempt', async (_, answer) => {
  const server = await serverWith(answer)
  await expect(getBytes(server.url, connect())).rejects.toMatchObject({ code: 'network' })
})

test('a stop ends an exchange with its own reason, before it and within it', async () => {
  const server = await serverWith((_, response) => void response.writeHead(200).write('1'))
  const { fetch } = connect()
  const reason = new Error('the person pressed Ctrl-C')
  await expect(fetch(server.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(server.asked).toEqual([])
  const stop = new AbortController()
  const { body } = await fetch(server.url, { signal: stop.signal })
  const reading = async () => {
    for await (const _ of body) stop.abort(reason)
  }
  await expect(reading()).rejects.toBe(reason)
})

test('an answer that is left ends its connection, and the next request works', async () => {
  let closed: Promise<unknown> | undefined
  const server = await serverWith((request, response) => {
    if (request.url === '/small') return response.end('small')
    closed = new Promise((resolve) => request.socket.once('close', resolve).on('error', () => {}))
    return response.write(Buffer.alloc(1_000_000))
  })
  const { fetch } = connect()
  for await (const _ of (await fetch(server.url)).body) break
  await closed
  const second = await fetch(server.url)
  second.discard()
  await closed
  expect((await getText(`${server.url}/small`, { fetch })).text).toBe('small')
})

test('what is too large for memory is not collected', async () => {
  const server = await serverWith((_, response) => {
    const piece = Buffer.alloc(1 << 20)
    const more = () => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  })
  await expect(getBytes(server.url, connect())).rejects.toMatchObject({
    code: 'bad-answer',
    failure: { found: expect.stringContaining('larger than') },
  })
})

test.each(['::', 'ftp://127.0.0.1/x', 'http://'])('"%s" is no address, now and later', async (url) => {
  await expect(connect().fetch(url)).rejects.toMatchObject({ code: 'bad-answer' })
})

test.each([
  ['ENOTFOUND', 'there is no host of the name nowhere.example'],
  ['EAI_AGAIN', 'no name server answered for nowhere.example'],
])('a look-up that ends with %s is told in words', (code, words) => {
  const error = Object.assign(new Error(`getaddrinfo ${code}`), { code, hostname: 'nowhere.example' })
  expect(wordsOf(new ConnectionFailure(error, true))).toBe(words)
})

test('a name is known to be looked up until there is an answer', async () => {
  const names = watchedLookup()
  const { promise, resolve } = Promise.withResolvers<unknown[]>()
  names.lookup('localhost', { all: false }, (...answer) => resolve(answer))
  expect(names.isWaiting()).toBe(true)
  expect(await promise).toEqual([null, expect.any(String), expect.any(Number)])
  expect(names.isWaiting()).toBe(false)
})
