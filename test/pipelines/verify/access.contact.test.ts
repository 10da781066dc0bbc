import { expect, test } from 'vitest'
import { digestOf } from '../../../lib/digest.ts'
import { verifyImage } from '../../../pipelines/verify/verify.ts'
import { good, type Handler, type Routes, sendJson, serve, type TinyServer } from '../../servers/openai.ts'
import { runnerOf } from '../../servers/runner.ts'
import { complaints, limits, plan } from './plan.ts'

const keyed = {
  ...plan,
  verify: { ...plan.verify, apiKey: { variable: 'TINY_API_KEY', open: ['GET /health', 'POST /tokenize'] } },
}

interface Door {
  /** Routes that it leaves open. */
  open: readonly string[]
  /** Whether a token opens the others. */
  takes(token: string | undefined, key: string | undefined): boolean
  onStart?(server: TinyServer, key: string | undefined): void
  /** What it answers to somebody without the key, with KEY for the right one. */
  page?: string
  /** The same of its health page. */
  health?: string
}

/** A good server behind a door. */
function behind(
  { open, takes, onStart, page = 'Invalid API Key', health }: Door,
  key: string | undefined,
): Promise<TinyServer> {
  return serve((server) => {
    onStart?.(server, key)
    const guarded = (route: string, handler: Handler): Handler => {
      const isOpen = open.includes(route)
      return (asked, response) =>
        isOpen || takes(asked.token, key)
          ? handler(asked, response)
          : sendJson(response, 401, { error: { message: page.replace('KEY', key ?? '') } })
    }
    const pages: Routes =
      health === undefined
        ? {}
        : {
            'GET /health': (_, response) =>
              sendJson(response, 200, { status: 'ok', settings: health.replace('KEY', key ?? '') }),
          }
    return Object.fromEntries(
      Object.entries({ ...good, ...pages }).map(([route, handler]) => [route, guarded(route, handler)]),
    )
  })
}

const honest: Door = { open: ['GET /health'], takes: (token, key) => token === key && key !== undefined }

async function bootBehind(door: Door) {
  const runner = runnerOf((key) => behind(door, key))
  const [boot] = await verifyImage(digestOf('tiny'), keyed, { runner, onStep: () => undefined, limits })
  if (boot === undefined) throw new Error('nothing was booted')
  return boot
}

test('a server that lets only its key in passes, and what it leaves open is listed', async () => {
  const boot = await bootBehind(honest)
  expect(complaints(boot.checks)).toEqual([])
  const observed = (id: string) => boot.checks.find((check) => check.id === id)?.observed
  expect(observed('key-none')).toBe('401 of POST /v1/chat/completions, GET /v1/models')
  expect(observed('key-wrong')).toBe('401 of POST /v1/chat/completions, GET /v1/models')
  expect(observed('key-open')).toBe('GET /health is open (200), POST /tokenize is open (404)')
})

test.each([
  [
    'asks for no key',
    { ...honest, takes: () => true },
    [
      'key-none failed: POST /v1/chat/completions answers 200 without a key; GET /v1/models answers 200 without a key',
      'key-wrong failed: POST /v1/chat/completions answers 200 with a wrong key; GET /v1/models answers 200 with a wrong key',
    ],
  ],
  [
    'takes any key',
    { ...honest, takes: (token: string | undefined) => token !== undefined },
    [
      'key-wrong failed: POST /v1/chat/completions answers 200 with a wrong key; GET /v1/models answers 200 with a wrong key',
    ],
  ],
  [
    'looks at the beginning of a key alone',
    {
      ...honest,
      takes: (token: string | undefined, key: string | undefined) =>
        token?.slice(0, 20) === key?.slice(0, 20),
    },
    [
      'key-wrong failed: POST /v1/chat/completions answers 200 with a wrong key; GET /v1/models answers 200 with a wrong key',
    ],
  ],
  [
    'tells the right key to whoever has none',
    { ...honest, page: 'the key is KEY' },
    [
      'key-none failed: POST /v1/chat/completions shows the key to everybody; GET /v1/models shows the key to everybody',
      'key-wrong failed: POST /v1/chat/completions shows the key to everybody; GET /v1/models shows the key to everybody',
    ],
  ],
  [
    'shows its settings on a page that is open',
    { ...honest, health: 'api_key=KEY' },
    [
      'key-open failed: GET /health is open (200), POST /tokenize is open (404), GET /health shows the key to everybody',
    ],
  ],
  [
    'forgets a route',
    { ...honest, open: ['GET /health', 'GET /v1/models'] },
    [
      'key-none failed: GET /v1/models answers 200 without a key',
      'key-wrong failed: GET /v1/models answers 200 with a wrong key',
    ],
  ],
  [
    'closes the health page, which balancers ask without a key',
    { ...honest, open: [] },
    ['key-open failed: GET /health wants the key, POST /tokenize is open (404)'],
  ],
  [
    'writes the key down',
    {
      ...honest,
      onStart: (server: TinyServer, key: string | undefined) => {
        server.log += `key ${key}
`
      },
    },
    ['key-unlogged failed: line 2 of the log holds the key'],
  ],
] as const)('a server that %s fails with its own words', async (_, door, words) => {
  expect(complaints((await bootBehind(door)).checks)).toEqual(words)
})

test('a server that refuses the key it was given is asked once', async () => {
  let asked: string[] = []
  const boot = await bootBehind({
    ...honest,
    takes: () => false,
    onStart: (server) => {
      asked = server.asked
    },
  })
  expect(complaints(boot.checks)[0]).toMatch(
    /^ready failed: it refuses the key that it was given in TINY_API_KEY; last answer: status 401 instead of 200/,
  )
  expect(asked).toEqual(['POST /v1/chat/completions'])
})

test('a report does not hold the key that a server writes into its log and its answers', async () => {
  const keys: (string | undefined)[] = []
  const boot = await bootBehind({
    ...honest,
    page: 'the key is KEY',
    onStart: (server, key) => {
      keys.push(key)
      server.log += `key ${key}\n`
    },
  })
  expect(boot.logTail).toContain('key (the key)')
  expect(keys[0]).toMatch(/^ingot-/)
  expect(JSON.stringify(boot)).not.toContain(keys[0])
})

test('every verification makes a key of its own, and no report holds it', async () => {
  const keys: (string | undefined)[] = []
  const once = () => bootBehind({ ...honest, onStart: (_, key) => void keys.push(key) })
  const reports = JSON.stringify([await once(), await once()])
  expect(keys).toHaveLength(2)
  expect(keys[0]).toMatch(/^ingot-[0-9a-f]{48}$/)
  expect(keys[0]).not.toBe(keys[1])
  for (const key of keys) expect(reports).not.toContain(key)
})
