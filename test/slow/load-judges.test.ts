import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { demoRecipe, ingot, newWorkplace, type Workplace } from '../e2e/ingot.ts'
import { byAiperf, byGuidellm, byIngot, type JudgedLoad, type Medians } from './load-judges.ts'

// Two generators of others against the same servers. It needs a quiet machine, and says so where the machine is none.

const root = resolve(import.meta.dirname, '../..')

let place: Workplace

beforeAll(async () => {
  place = await newWorkplace()
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

/** Runs a program that serves until the test ends, and gives the address that it prints. */
async function served(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, {
    cwd: place.folder,
    env: place.environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGINT')
    await ended
  })
  return new Promise((done, failed) => {
    let said = ''
    child.once('close', (code) =>
      failed(new Error(`${command} ended with ${code} before it served:\n${said}`)),
    )
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0]
      if (url !== undefined) done(url)
    })
  })
}

/** Ours before and after the others: what differs between these two is the machine. */
async function judged(load: Omit<JudgedLoad, 'step'>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-judges-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await byIngot({ ...load, step: 1 })
  const before = await byIngot({ ...load, step: 2 })
  const aiperf = await byAiperf({ ...load, step: 3 }, folder)
  const guidellm = await byGuidellm({ ...load, step: 4 }, folder)
  const after = await byIngot({ ...load, step: 5 })
  const rows = { before, aiperf, guidellm, after }
  process.stderr.write(`${JSON.stringify(rows)}\n`)
  for (const metric of ['ttftMs', 'itlMs'] as const) {
    const noise = Math.abs(before[metric] / after[metric] - 1)
    expect(noise, `the machine is too busy to compare: ${metric} of ${JSON.stringify(rows)}`).toBeLessThan(
      0.1,
    )
    const own = (before[metric] + after[metric]) / 2
    for (const other of [aiperf, guidellm])
      expect(Math.abs(other[metric] / own - 1), metric).toBeLessThan(0.1)
  }
  for (const { requests, outputTokens } of Object.values<Medians>(rows))
    expect({ requests, outputTokens }).toEqual({ requests: 24, outputTokens: 24 })
}

test('a server whose times are known: three generators see the same medians', async () => {
  const url = await served(process.execPath, [join(root, 'test/bench/load-server.ts')])
  await judged({ url, model: 'tiny', users: 4 })
})

test('llama-server with a real model: three generators see the same medians', async () => {
  const build = await ingot(['build', demoRecipe, '--no-verify'], place)
  expect(build.code, build.stderr).toBe(0)
  const url = await served(join(root, 'bin/ingot'), ['run', 'smollm2-135m-llama-cpp', '--unverified'])
  await judged({ url, model: 'smollm2-135m-instruct', users: 2 })
})
