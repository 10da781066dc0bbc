import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openPort } from '../../../pipelines/run/forward.ts'

async function greeter(): Promise<string> {
  const server = createServer((request, response) => void request.pipe(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  // A listening TCP server has an address with a port.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function post(url: string, body: string): Promise<string> {
  return (await fetch(url, { method: 'POST', body, headers: { connection: 'close' } })).text()
}

test('a port leads to a server once it is told to, and nowhere before and after', async () => {
  const port = await openPort(0)
  onTestFinished(() => port.close())
  await expect(post(port.url, 'early')).rejects.toThrow('fetch failed')
  port.leadTo(await greeter())
  expect(await post(port.url, 'hello')).toBe('hello')
  const large = 'x'.repeat(3_000_000)
  expect(await post(port.url, large)).toBe(large)
  port.close()
  await expect(post(port.url, 'late')).rejects.toThrow('fetch failed')
})

test('a port that is taken is told before anything starts', async () => {
  const first = await openPort(0)
  onTestFinished(() => first.close())
  await expect(openPort(Number(new URL(first.url).port))).rejects.toMatchObject({
    code: 'unfit-machine',
    failure: { found: expect.stringContaining('EADDRINUSE') },
  })
})
