import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { openConnection } from '../../../pipelines/network/connection.ts'
import { getText } from '../../../pipelines/network/http.ts'
import { readPersistently } from '../../../pipelines/network/persistent.ts'
import { startPatience, withRetry } from '../../../pipelines/network/retry.ts'
import { watchForStall } from '../../../pipelines/network/stall.ts'
import { onWait, saidWhile, timeText } from '../../../pipelines/network/waiting.ts'
import { together } from '../../../pipelines/process/together.ts'
import { openSession } from '../../../pipelines/registry-client/session.ts'
import { hasBlob } from '../../../pipelines/registry-client/upload.ts'
import { WeightsError } from '../../../pipelines/weights/error.ts'
import { mapLimited } from '../../../pipelines/weights/limit.ts'
import { closedHost, startAnswering } from '../../servers/answering.ts'

const heard: string[] = []
const stopHearing = onWait((text) => heard.push(text))
afterEach(() => void heard.splice(0))
const quick = { attempts: 10, firstDelayMs: 1, maxDelayMs: 2 }

function busy(retryAfterMs?: number, isHopeless = false): WeightsError {
  const failure = { attempted: 'read it', found: 'the server answered 503', hint: 'later' }
  return new WeightsError('network', failure, { retryAfterMs, isHopeless })
}

test('where nobody has ever answered there are four attempts, elsewhere ten', async () => {
  for (const [isHopeless, attempts] of [
    [true, 4],
    [false, 10],
  ] as const) {
    let made = 0
    const attempt = async () => {
      made += 1
      throw busy(undefined, isHopeless)
    }
    await expect(withRetry(attempt, quick)).rejects.toThrow('503')
    expect(made).toBe(attempts)
  }
})

test('downloads and listings alike refuse a pause that is too long, and many that are too long together', async () => {
  for (const [seconds, most] of [
    [901, 1],
    [0, 10],
  ] as const) {
    let made = 0
    async function* read(): AsyncGenerator<Uint8Array> {
      made += 1
      yield* []
      throw busy(seconds * 1000)
    }
    const download = async () => {
      for await (const _ of readPersistently(read, { path: 'a', sizeBytes: 1 }, 0, { retry: quick }));
    }
    await expect(download()).rejects.toThrow('503')
    expect(made).toBe(most)
  }
})

test('pauses are counted together: the second of two that are too long in sum is not made', async () => {
  const patience = startPatience(quick, AbortSignal.abort(new Error('stopped')))
  // The first is begun, which the signal ends; the second is refused before it.
  await expect(patience.pause(busy(500_000))).rejects.toThrow(/abort/i)
  await expect(patience.pause(busy(500_000))).rejects.toThrow('503')
})

test('a pause is told: of what, how often, and when it ends', async () => {
  const patience = startPatience({ attempts: 3, firstDelayMs: 4000, maxDelayMs: 8000 }, AbortSignal.abort())
  await patience.pause(busy()).catch(() => {})
  expect(heard).toEqual([
    expect.stringMatching(/^read it: the server answered 503; attempt 2 of 3 in \d s, gives up after 1\d s$/),
  ])
})

test('a short pause after a long attempt is told, with the time that the next ones may take', async () => {
  const patience = startPatience({ attempts: 3, firstDelayMs: 1, maxDelayMs: 2 }, AbortSignal.abort())
  const began = performance.now()
  while (performance.now() - began < 2100);
  await patience.pause(busy()).catch(() => {})
  expect(heard).toEqual([expect.stringMatching(/; attempt 2 of 3 in \d ms, gives up after [4-9] s$/)])
})

test('a wait whose time is over before it is watched says nothing of its timer', async () => {
  const warnings: string[] = []
  const hear = ({ name }: Error) => void warnings.push(name)
  process.on('warning', hear)
  onTestFinished(() => void process.off('warning', hear))
  const stalled = new Promise<Error>((resolve) => {
    watchForStall(() => 'host', 1e-6, resolve).arm()
    // The watch alone does not keep a process.
    setTimeout(() => resolve(new Error('nothing was said')), 5000)
  })
  expect((await stalled).message).toMatch('nothing moved')
  expect(warnings).toEqual([])
})

test('a closed port is given up after four attempts, by a reader as by a publisher', async () => {
  const host = await closedHost()
  const connection = openConnection({})
  let reads = 0
  const read = () => {
    reads += 1
    return getText(`http://${host}/`, { fetch: connection.fetch })
  }
  await expect(withRetry(read, quick)).rejects.toMatchObject({ code: 'network', isHopeless: true })
  expect(reads).toBe(4)
  const fetch = connection.fetch
  const session = openSession({ host, name: 'a' }, { fetch, login: async () => undefined, retry: quick })
  await expect(hasBlob(session, `sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({ isHopeless: true })
  await connection.close()
})

const answerOf = (text: string) => (socket: Socket) => void socket.end(text)

test.each<[string, (socket: Socket) => void, number, string, string]>([
  ['hangs up', (socket) => void socket.destroy(), 4, 'network', 'hang up'],
  ['speaks no HTTP', answerOf('\0\x16\x03 hello'), 1, 'bad-answer', 'HTTP'],
  ['is broken', answerOf('HTTP/1.1 500 x\r\nconnection: close\r\n\r\n'), 10, 'network', 'answered 500'],
  ['is busy', answerOf('HTTP/1.1 429 x\r\nconnection: close\r\n\r\n'), 10, 'network', 'answered 429'],
])('a registry that %s is asked as often as it may get better', async (_, answer, times, code, found) => {
  let asked = 0
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => {
        asked += 1
        answer(socket)
      })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  // A server that listens on TCP has an address of this kind.
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const { fetch, close } = openConnection({})
  onTestFinished(close)
  const session = openSession({ host, name: 'a' }, { fetch, login: async () => undefined, retry: quick })
  await expect(hasBlob(session, `sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({
    code,
    failure: { found: expect.stringContaining(found) },
  })
  expect(asked).toBe(times)
})

test('a server that answered before is waited for', async () => {
  const server = await startAnswering((_, response) => response.end('here'))
  const connection = openConnection({})
  await getText(server.url, { fetch: connection.fetch })
  await server.close()
  await expect(getText(server.url, { fetch: connection.fetch })).rejects.toMatchObject({
    code: 'network',
    isHopeless: false,
  })
  await connection.close()
})

test('the first failure of several tasks ends the pauses of the others', async () => {
  const waits = async (signal: AbortSignal) => {
    await withRetry(async () => Promise.reject(busy(600_000)), quick, signal)
  }
  const fails = async () => {
    throw new Error('the base is missing')
  }
  await expect(together([waits, fails])).rejects.toThrow('the base is missing')
  await expect(together([fails, waits])).rejects.toThrow('the base is missing')
  const tasks = [waits, waits, fails]
  await expect(mapLimited(tasks, 3, (task, signal) => task(signal))).rejects.toThrow('the base is missing')
  await expect(together([waits, waits], AbortSignal.abort())).rejects.toThrow(/abort/i)
})

test('what ends soon is not told', async () => {
  await saidWhile('nobody hears this', async () => undefined)
  expect(heard).toEqual([])
  expect([timeText(800), timeText(12_000), timeText(180_000)]).toEqual(['800 ms', '12 s', '3 min'])
  stopHearing()
})
