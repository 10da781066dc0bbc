import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { engineOf } from '../../../../images/engines/engines.ts'
import { runProbe } from '../../../../pipelines/verify/ask.ts'
import { deploymentFor, recipeFor } from '../fixtures.ts'

const program = process.env['ECHO_SERVER'] ?? ''

/** Starts the server as an image would, apart from where its program lies, the address and the port. */
async function started(): Promise<{ url: string; server: ChildProcess }> {
  const port = await freePort()
  const deployment = { ...deploymentFor(recipeFor('echo')), port }
  const [, , ...options] = engineOf('echo').command(deployment)
  const onLoopback = options.map((option) => (option === '0.0.0.0' ? '127.0.0.1' : option))
  const server = spawn(process.execPath, [program, ...onLoopback], { stdio: 'inherit' })
  onTestFinished(() => void server.kill('SIGKILL'))
  return { url: `http://127.0.0.1:${port}`, server }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const clock = { now: () => performance.now() }

test('the server passes every probe of its definition and ends with 0', { timeout: 60_000 }, async () => {
  const { url, server } = await started()
  const { readiness, probes, stop } = engineOf('echo').behaviour(deploymentFor(recipeFor('echo')))
  for (let tries = 0; tries < 200; tries++) {
    if ((await runProbe(url, readiness, { clock })).status === 'passed') break
    await sleep(50)
  }
  const results = []
  for (const probe of [readiness, ...probes]) results.push(await runProbe(url, probe, { clock }))
  expect(results.filter(({ status }) => status !== 'passed')).toEqual([])
  server.kill(stop.signal)
  const [code] = await once(server, 'exit')
  expect(stop.exitCodes).toContain(code)
})
