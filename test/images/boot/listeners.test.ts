import { expect, test } from 'vitest'
import { loopbackOnly, notPublished, parseListeners } from '../../../images/boot/listeners.ts'

const head =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'

/** Lines as the kernel prints them: local address, remote address, state. */
function table(...sockets: [local: string, state: string][]): string {
  return (
    head +
    sockets
      .map(([local, state], index) => `   ${index}: ${local} 00000000:0000 ${state} 00000000:0`)
      .join('\n')
  )
}

test.each([
  ['00000000:1F90', '0.0.0.0', 8080],
  ['0100007F:1F90', '127.0.0.1', 8080],
  ['020200C0:0050', '192.0.2.2', 80],
  ['00000000000000000000000000000000:2B67', '::', 11111],
  ['00000000000000000000000001000000:1F90', '::1', 8080],
  ['0000000000000000FFFF00000100007F:1F90', '127.0.0.1', 8080],
  ['B80D0120000000000000000002000000:1F90', '2001:db8::2', 8080],
  ['000080FE000000000000000000000000:1F90', 'fe80::', 8080],
])('%s is %s, port %d', (local, address, port) => {
  expect(parseListeners(table([local, '0A']))).toEqual([{ address, port }])
})

test('only sockets that wait for connections count', () => {
  expect(parseListeners(table(['0100007F:1F90', '01'], ['00000000:1F90', '06']))).toEqual([])
  expect(parseListeners('')).toEqual([])
})

test.each([
  [['127.0.0.1'], true],
  [['::1'], true],
  [['127.0.0.1', '::1'], true],
  [['127.0.0.1', '0.0.0.0'], false],
  [['::'], false],
  [[], false],
])('a port that is open on %j: nobody reaches it is %j', (addresses, alone) => {
  const listeners = addresses.map((address) => ({ address, port: 8080 }))
  expect(loopbackOnly(listeners, 8080) !== null).toBe(alone)
  // What other programs of the image do on the loopback is their own business.
  expect(loopbackOnly([...listeners, { address: '127.0.0.1', port: 40000 }], 8080) !== null).toBe(alone)
})

test.each([
  [[], 'no port'],
  [[{ address: '0.0.0.0', port: 80 }], '0.0.0.0:80'],
  [[{ address: '::', port: 8080 }], '[::]:8080'],
])('%j leaves port 8080 unreached: %s', (listeners, where) => {
  expect(notPublished(listeners, 8080)).toBe(`port 8080 is published, and it listens on ${where}`)
})

test('a port that is open on an address of IPv4 is not blamed', () => {
  expect(notPublished([{ address: '0.0.0.0', port: 8080 }], 8080)).toBeNull()
})
