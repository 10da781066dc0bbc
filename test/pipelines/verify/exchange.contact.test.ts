import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { askServer } from '../../../pipelines/verify/exchange.ts'
import { type AnsweringServer, startAnswering } from '../../servers/answering.ts'
import { startRecordingProxy } from '../../servers/recording-proxy.ts'

async function answering(...answer: Parameters<typeof startAnswering>): Promise<AnsweringServer> {
  const server = await startAnswering(...answer)
  onTestFinished(() => server.close())
  return server
}

test('pieces that arrive together are counted one by one', async () => {
  const { url } = await answering((_, response) => {
    const chunks = ['one ', 'two ', 'three', ''].map((piece) => `${piece.length}\r\n${piece}\r\n`)
    response.socket?.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks.join('')}`)
  })
  const came = await askServer(url, { method: 'GET', path: '/' }, { timeoutMs: 5000 })
  expect(came).toMatchObject({ type: 'answer', answer: { status: 200, body: 'one two three', pieces: 3 } })
})

test('an answer without a body is one of no pieces', async () => {
  const { url } = await answering((_, response) => response.writeHead(204).end())
  const came = await askServer(url, { method: 'DELETE', path: '/a' }, { timeoutMs: 5000 })
  expect(came).toMatchObject({ type: 'answer', answer: { status: 204, body: '', pieces: 0 } })
})

test('a stop ends a question whose answer has begun', async () => {
  const stop = new AbortController()
  const { url } = await answering((_, response) => response.write('begun'))
  const options = { timeoutMs: 60_000, signal: stop.signal, onPiece: () => stop.abort() }
  const came = await askServer(url, { method: 'GET', path: '/' }, options)
  expect(came).toMatchObject({ type: 'trouble', partial: 'begun', status: 200 })
})

test('no variable of this process sends a question through a proxy', async () => {
  const proxy = await startRecordingProxy()
  onTestFinished(() => proxy.close())
  const server = await answering((_, response) => response.end('itself'))
  const program = `
    const { askServer } = await import(${JSON.stringify(resolve('pipelines/verify/exchange.ts'))})
    const came = await askServer('${server.url}', { method: 'GET', path: '/' }, { timeoutMs: 5000 })
    console.log(JSON.stringify(came))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy.url, NO_PROXY: '' },
  })
  expect(JSON.parse(stdout)).toMatchObject({ type: 'answer', answer: { body: 'itself' } })
  expect(proxy.passed).toEqual([])
})
