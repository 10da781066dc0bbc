import { expect, test } from 'vitest'
import { isTransientStatus } from '../../../pipelines/network/http.ts'

test.each([408, 425, 429, 500, 502, 503, 504, 507, 522, 529])('%i may pass by itself', (status) => {
  expect(isTransientStatus(status)).toBe(true)
})

// 511 is the answer of a portal, which waits for a person.
test.each([200, 301, 400, 401, 403, 404, 410, 416, 501, 505, 511])('%i stays as it is', (status) => {
  expect(isTransientStatus(status)).toBe(false)
})
