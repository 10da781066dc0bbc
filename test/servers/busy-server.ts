import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { chatAnswer, chunk, endMarker, type Handler, sendJson, serve, streamWords } from './openai.ts'

/**
 * A small server for stops. It says `loading model`, loads for `--load-ms` without hearing a signal, as every first process
 * that sets no handler, and works for `--work-ms` on long answers. On SIGTERM it ends at once, after the `stream` or the
 * `plain` answer that is under way, or when its `client` has hung up. With `--on-demand` it loads when it is first asked, and
 * with `--most-tokens` it refuses longer answers, and with `--one-by-one` it works on one long answer at a time.
 */
const { values } = parseArgs({
  options: {
    'load-ms': { type: 'string', default: '0' },
    'work-ms': { type: 'string', default: '20000' },
    'waits-for': { type: 'string', default: 'nothing' },
    'on-demand': { type: 'boolean', default: false },
    'most-tokens': { type: 'string', default: '2000' },
    'one-by-one': { type: 'boolean', default: false },
  },
})
const underWay = { stream: 0, plain: 0 }

async function load(): Promise<void> {
  process.stdout.write('loading model\n')
  await sleep(Number(values['load-ms']))
}

let turn = Promise.resolve()

let loaded: Promise<void> | null = values['on-demand'] ? null : load()

const chat: Handler = async ({ body }, response) => {
  loaded ??= load()
  await loaded
  const kind = body.stream ? 'stream' : 'plain'
  const tokens = Number(body['max_tokens'])
  if (tokens > Number(values['most-tokens']))
    return sendJson(response, 400, { error: { message: 'too long' } })
  const isLong = tokens > 100
  if (!isLong) return body.stream ? streamWords(response, endMarker) : sendJson(response, 200, chatAnswer())
  underWay[kind] += 1
  const { promise: done, resolve: end } = Promise.withResolvers<void>()
  const earlier = turn
  if (values['one-by-one']) turn = done
  await earlier
  const endMs = performance.now() + Number(values['work-ms'])
  if (body.stream) response.writeHead(200, { 'content-type': 'text/event-stream' })
  while (performance.now() < endMs && !(values['waits-for'] === 'client' && response.destroyed)) {
    if (body.stream) response.write(chunk('one '))
    await sleep(20)
  }
  underWay[kind] -= 1
  end()
  if (body.stream) response.end(endMarker)
  else sendJson(response, 200, chatAnswer())
}

await loaded
process.on('SIGTERM', async () => {
  const kinds = { stream: ['stream'], plain: ['plain'], client: ['plain'] } as const
  const waited = Object.entries(kinds).find(([name]) => name === values['waits-for'])?.[1] ?? []
  while (waited.some((kind) => underWay[kind] > 0)) await sleep(10)
  process.exit(0)
})
await serve({ 'POST /v1/chat/completions': chat }, { host: '0.0.0.0', port: 8080 })
process.stdout.write('listening\n')
