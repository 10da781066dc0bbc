import { expect, test } from 'vitest'
import { judgeOutward } from '../../../images/boot/outward.ts'

const lookUp = (name: string) => `udp 192.0.2.1:53 look-up of ${name}`
const still = { outwardPackets: 0, outwardRefused: 0, interfaces: ['lo', 'sink'], sent: [] }

test.each([
  ['its unspecified address', ['0.0.0.0.in-addr.arpa']],
  ['its loopback', ['1.0.0.127.in-addr.arpa', '8.3.2.127.in-addr.arpa']],
  ['the address that it was given, twice', ['2.2.0.192.in-addr.arpa', '2.2.0.192.in-addr.arpa']],
])('a question for the name of %s is told, and is no fault', (_, names) => {
  const { good, observed } = judgeOutward({ ...still, outwardPackets: names.length, sent: names.map(lookUp) })
  expect(good).toBe(true)
  expect(observed).toContain(`${names.length} of them asked for the name of its own address`)
})

test.each([
  ['the address of another', ['4.3.2.10.in-addr.arpa']],
  ['a name', ['huggingface.co']],
  [
    'a name that ends like its own',
    ['x.0.0.0.0.in-addr.arpa', 'a.127.in-addr.arpa', '1.0.0.127.in-addr.arpa.example.org'],
  ],
  ['itself, and a name', ['0.0.0.0.in-addr.arpa', 'huggingface.co']],
])('a question for %s is one', (_, names) => {
  expect(judgeOutward({ ...still, outwardPackets: names.length, sent: names.map(lookUp) }).good).toBe(false)
})

test.each([
  [1, []],
  [2, [lookUp('0.0.0.0.in-addr.arpa')]],
  [0, [lookUp('0.0.0.0.in-addr.arpa')]],
  [1, ['tcp 192.0.2.1:53']],
  [1, ['udp 192.0.2.1:53']],
])('%i packets of which %j is known are one', (outwardPackets, sent) => {
  expect(judgeOutward({ ...still, outwardPackets, sent }).good).toBe(false)
})

test('attempts without a route are one, whatever else was asked', () => {
  const asked = { outwardPackets: 1, sent: [lookUp('0.0.0.0.in-addr.arpa')] }
  expect(judgeOutward({ ...still, ...asked, outwardRefused: 1 }).good).toBe(false)
})

test('what could not be read is no answer', () => {
  expect(judgeOutward({ ...still, outwardPackets: null })).toEqual({ observed: null, good: false })
})

test('many packets are a short text', () => {
  const sent = Array.from({ length: 500 }, (_, index) => `tcp 1.1.1.${index % 25}:443`)
  const { observed } = judgeOutward({ ...still, outwardPackets: 500, sent })
  expect(observed).toContain('20 times tcp 1.1.1.0:443')
  expect(observed).toMatch(/, 5 more kinds$/)
})
