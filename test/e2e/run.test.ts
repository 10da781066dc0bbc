import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { demoRecipe, ingot, newWorkplace, type Workplace } from './ingot.ts'
import { runUntil } from './run-until.ts'

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

let place: Workplace

beforeAll(async () => {
  place = await newWorkplace()
  const build = await ingot(['build', demoRecipe, '--no-verify'], place)
  expect(build.code, build.stderr).toBe(0)
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

test('an image that no boot verified is not run unasked', async () => {
  const run = await ingot(['run', 'smollm2-135m-llama-cpp'], place)
  expect(run.stderr).toContain('the verdict on')
  expect(run.stderr).toContain('--unverified goes on without')
  expect(run.code).toBe(1)
})

test('it serves on a port, the question that it shows is answered, and Ctrl-C ends it with 0', async () => {
  let url = ''
  const run = await runUntil(place, ['smollm2-135m-llama-cpp', '--unverified'], async (said, { pid }) => {
    url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? ''
    const curl = /^curl [\s\S]+?'$/m.exec(said)?.[0] ?? ''
    const { stdout } = await promisify(execFile)('sh', ['-c', curl.replace('curl', 'curl --silent')])
    expect(JSON.parse(stdout).choices[0].message.content).toContain('Paris')
    // A terminal sends it to the whole group.
    process.kill(-pid, 'SIGINT')
  })
  expect(run.code, run.err).toBe(0)
  expect(run.err).toContain('ingot: stopped')
  await expect(fetch(url)).rejects.toThrow('fetch failed')
  expect(await booted()).toBe(0)
})

test('a signal to the process alone stops the server by its own signal', async () => {
  const run = await runUntil(place, ['smollm2-135m-llama-cpp', '--unverified'], async (_, { pid }) => {
    process.kill(pid, 'SIGTERM')
  })
  expect(run.code, run.err).toBe(0)
  expect(run.err).toMatch(/ingot: stopped after \d+\.\d s, exit code 0/)
})

test('one question is asked and answered without a terminal', async () => {
  const question = 'What is the capital of France? Answer in one word.'
  const run = await ingot(['run', demoRecipe, '--unverified', '--ask', question], place)
  expect(run.code, run.stderr).toBe(0)
  expect(run.stdout).toContain('Paris')
  expect(run.stderr).toContain('ingot: stopped after')
})

test('a port that is taken is told before anything starts', async () => {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? String(address.port) : ''
  const run = await ingot(['run', demoRecipe, '--unverified', '--port', port], place)
  server.close()
  expect(run.code).toBe(3)
  expect(run.stderr).toContain('EADDRINUSE')
  expect(run.stderr).not.toContain('start sha256')
})

/** Processes whose command line is that of this test's server. */
async function booted(): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map((pid) => readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')),
  )
  return lines.filter((line) => line.includes(place.folder)).length
}
