import { expect, test } from 'vitest'
import * as bad from '../../servers/bad.ts'
import { type Routes, sendJson } from '../../servers/openai.ts'
import { complaints, verifyTiny } from './plan.ts'

test('a server that loads for a while is waited for', async () => {
  const boot = await verifyTiny({ routes: bad.loadsAtFirst(5) })
  expect(complaints(boot.checks)).toEqual([])
  expect(boot.readyAfterMs).toBeGreaterThanOrEqual(50)
})

/** Its page of health says 503 so many times, whatever else it answers. */
function warmsUp(times: number): () => Routes {
  let asked = 0
  return () => ({
    'GET /health': (_, response) => sendJson(response, ++asked > times ? 200 : 503, { status: 'ok' }),
  })
}

test('a server that answers and still warms up is waited for, at the page where others ask', async () => {
  const boot = await verifyTiny({ routes: warmsUp(3), limits: { wrongAnswerSeconds: 30 } })
  expect(complaints(boot.checks)).toEqual([])
})

test('a server that answers and never calls itself healthy fails at that page alone', async () => {
  const boot = await verifyTiny({ routes: warmsUp(Number.POSITIVE_INFINITY) })
  expect(complaints(boot.checks)).toEqual([
    expect.stringMatching(/^health failed: status 503 instead of 200/),
  ])
})

test('a first question that gets lost is asked again', async () => {
  const boot = await verifyTiny({ routes: bad.losesFirst, limits: { firstAttemptSeconds: 0.2 } })
  expect(complaints(boot.checks)).toEqual([])
  expect(boot.readyAfterMs).toBeGreaterThanOrEqual(200)
})
