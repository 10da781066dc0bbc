import { execFile, execFileSync, execSync, fork, spawn, spawnSync } from 'node:child_process'
import { createServer as createHttpServer, get } from 'node:http'
import { connect, createServer } from 'node:net'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { costs } from '../tools/catalogue.ts'
import { toolPath } from '../tools/find.ts'

test.each<[string, () => unknown]>([
  ['execFile', () => execFile('true')],
  ['execFileSync', () => execFileSync('true')],
  ['execSync', () => execSync('true')],
  ['fork', () => fork('true.ts')],
  ['spawn', () => spawn('true')],
  ['spawnSync', () => spawnSync('true')],
])('a pure test cannot start a process by %s', (_, start) => {
  expect(start).toThrow(/a pure test starts .*contact\.test\.ts/)
})

test.each<[string, () => unknown]>([
  ['connect', () => connect(9, '127.0.0.1')],
  ['listen', () => createServer().listen(0)],
  ['listen for HTTP', () => createHttpServer().listen(0)],
  ['HTTP', () => get('http://127.0.0.1:9/')],
])('a pure test cannot open a socket: %s', (_, open) => {
  expect(open).toThrow(/a pure test (opens a connection|listens)/)
})

test('a pure test cannot fetch', async () => {
  const failure = await fetch('http://127.0.0.1:4242/').catch((error) => error)
  expect(inspect(failure)).toContain('a pure test opens a connection')
})

test('a pure test cannot look a tool up, even where the machine has it', () => {
  expect(process.env['INGOT_TEST_COST']).toBe(costs[0])
  expect(() => toolPath('git')).toThrow('a test of pure uses git')
})
