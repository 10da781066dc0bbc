import { expect, test } from 'vitest'
import type { GpuRules } from '../../../images/boot/probe.ts'
import { engineOf } from '../../../images/engines/engines.ts'
import { verdictOf } from '../../../images/report/report.ts'
import { bootTitle } from '../../../images/report/words.ts'
import { digestOf } from '../../../lib/digest.ts'
import type { BootRequest, Runner } from '../../../pipelines/boot/runner.ts'
import { verifyImage } from '../../../pipelines/verify/verify.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { deploymentFor, recipeFor } from '../../images/engines/fixtures.ts'
import * as bad from '../../servers/bad.ts'
import { sendJson, serve } from '../../servers/openai.ts'
import { runnerOf } from '../../servers/runner.ts'
import { behaviour, complaints, limits, plan, verifyTiny } from './plan.ts'

test('a good server passes every check and its figures are there', async () => {
  const boot = await verifyTiny()
  expect(complaints(boot.checks)).toEqual([])
  expect(verdictOf([boot])).toBe('verified')
  expect(boot.logTail).toBe('')
  expect(boot.answers).toMatchObject([
    { prompt: 'Count to five.', answer: 'one two three four five', tokens: 5 },
  ])
  expect(boot.measured.runs).toHaveLength(3)
  expect(boot.measured.runs[0]).toMatchObject({ tokens: 5, tokensFrom: 'pieces' })
  expect(boot.measured.tokensPerSecond).toBeGreaterThan(10)
  expect(boot.measured.tokensPerSecond).toBeLessThan(1000)
  expect(boot.measured.firstTokenMs).toBeLessThan(1000)
  expect(boot).toMatchObject({ peakMemoryBytes: 300e6, peakMemoryFrom: 'cgroup' })
})

test('what its log says that it goes without stands in its report, and an emulated machine in its title', async () => {
  const boot = await verifyTiny({
    routes: (server) => {
      server.log += 'WARNING: FlashInfer is off: nvcc was not found\n'
      return {}
    },
    runner: { machine: { emulates: 'linux/arm64' } },
  })
  expect(complaints(boot.checks)).toEqual([])
  expect(boot.missing).toEqual(['WARNING: FlashInfer is off: nvcc was not found'])
  expect(bootTitle(boot)).toMatch(/, linux\/arm64 emulated$/)
  expect(await verifyTiny()).not.toHaveProperty('missing')
})

test('peak memory falls back to resident sizes and says so', async () => {
  const boot = await verifyTiny({ runner: { facts: { cgroupPeakBytes: null } } })
  expect(boot).toMatchObject({ peakMemoryBytes: 320e6, peakMemoryFrom: 'resident' })
})

test('spans follow the boot in time and name every timed check', async () => {
  const { spans, checks } = await verifyTiny()
  expect(spans[0]?.what).toBe('pull the image and start the container')
  expect(spans.every((span) => span.endedMs >= span.beganMs)).toBe(true)
  expect(spans.map((span) => span.beganMs)).toEqual(
    spans.map((span) => span.beganMs).toSorted((a, b) => a - b),
  )
  expect(spans.map((span) => span.what)).toContain(checks.find((check) => check.id === 'chat')?.title)
})

test('a server that ignores the signal is said to have been killed', async () => {
  const boot = await verifyTiny({ runner: { ignoresSignals: true } })
  expect(complaints(boot.checks)).toEqual([
    'graceful-stop failed: ignored: still there after 1 s, then killed',
  ])
})

test('time for all questions together ends the asking', async () => {
  const boot = await verifyTiny({ routes: bad.silent, limits: { askSeconds: 0.3 } })
  const over = 'not asked: all questions together took more than 0.3 s'
  expect(complaints(boot.checks)).toEqual([
    expect.stringMatching(/^chat failed: no answer within 0\.\d s/),
    `chat-stream skipped: ${over}`,
    `answers skipped: ${over}`,
    `speed skipped: ${over}`,
  ])
})

test('hostile is tried with both identities, each in a boot of its own', async () => {
  const runner = runnerOf(() => serve())
  const hostile = { ...plan, verify: { ...plan.verify, profiles: ['hostile' as const] } }
  const boots = await verifyImage(digestOf('tiny'), hostile, { runner, onStep: () => undefined, limits })
  expect(boots.map((boot) => boot.identity)).toEqual([
    { uid: 54321, gid: 0 },
    { uid: 54321, gid: 54321 },
  ])
  expect(boots.flatMap((boot) => complaints(boot.checks))).toEqual([])
})

test('all boots are known before the first, and what their containers cost then is counted as theirs', async () => {
  const known: BootRequest[] = []
  const booted: BootRequest[] = []
  const tiny = runnerOf(() => serve())
  const runner: Runner = {
    ...tiny,
    ahead(requests, use) {
      known.push(...requests)
      return use()
    },
    boot(request, use) {
      booted.push(request)
      return tiny.boot(request, (server) => use({ ...server, aheadMs: 60_000 }))
    },
  }
  const hostile = { ...plan, verify: { ...plan.verify, profiles: ['hostile' as const] } }
  const boots = await verifyImage(digestOf('tiny'), hostile, { runner, onStep: () => undefined, limits })
  expect(known.map(({ profile }) => profile.identity)).toEqual(boots.map(({ identity }) => identity))
  expect(booted.map((request) => known.indexOf(request))).toEqual([0, 1])
  expect(boots.map(({ measured }) => measured.containerMs >= 60_000)).toEqual([true, true])
  // The container's end and the first question are two looks at one clock.
  const gaps = boots.map(({ spans: [container, ready] }) => (ready?.beganMs ?? 0) - (container?.endedMs ?? 0))
  expect(gaps.map((gapMs) => gapMs >= 0 && gapMs < 60_000)).toEqual([true, true])
  expect(boots.map(({ measured }) => measured.runs.length)).toEqual([3, 1])
})

test.each([
  [{ uid: 0 }, 'user failed: 0:0'],
  [{ uid: null, gid: null }, 'user skipped: not known: the runner could not read it'],
  [{ rootReadOnly: true }, 'read-only-root failed: ro'],
  [{ capabilities: ['0', '0', '3', '0', '0'] }, 'no-capabilities failed: 0 0 3 0 0'],
  [{ capabilities: [] }, 'no-capabilities skipped: not known: the runner could not read it'],
  [{ noNewPrivileges: false }, 'no-new-privileges failed: NoNewPrivs 0'],
  [
    { outwardPackets: 2 },
    'no-outward-connection failed: 2 packets, 0 attempts without a route; interfaces lo sink',
  ],
  [
    { outwardPackets: 1, sent: ['udp 192.0.2.1:53 look-up of example.org'] },
    'no-outward-connection failed: 1 packets, 0 attempts without a route; interfaces lo sink; sent: udp 192.0.2.1:53 look-up of example.org',
  ],
  [
    { outwardPackets: 2, sent: ['udp 192.0.2.1:53 look-up of 0.0.0.0.in-addr.arpa'] },
    'no-outward-connection failed: 2 packets, 0 attempts without a route; interfaces lo sink; sent: udp 192.0.2.1:53 look-up of 0.0.0.0.in-addr.arpa; 1 of them asked for the name of its own address',
  ],
  [
    { outwardRefused: 1 },
    'no-outward-connection failed: 0 packets, 1 attempts without a route; interfaces lo sink',
  ],
  [{ outwardPackets: null }, 'no-outward-connection skipped: not known: the runner could not read it'],
])('facts %j are judged: %s', async (facts, words) => {
  const boot = await verifyTiny({ runner: { facts } })
  expect(complaints(boot.checks)).toEqual([words])
  expect(verdictOf([boot])).toBe(words.includes('skipped') ? 'unverified' : 'failed')
})

/** Both ways to see a fallback: what llama.cpp logs, and what Ollama answers. */
const rules: GpuRules = { ...gpuRulesOf('llama-cpp'), probes: gpuRulesOf('ollama').probes }

function gpuRulesOf(id: EngineId): GpuRules {
  const { gpu } = engineOf(id).behaviour(deploymentFor(recipeFor(id)))
  if (gpu === undefined) throw new Error(`${id} says nothing of its device`)
  return { ...gpu, probes: gpu.probes.map((probe) => ({ ...probe, timeoutSeconds: 1 })) }
}

const { name } = recipeFor('ollama').model
const listed = name.includes(':') ? name : `${name}:latest`

const gpuMachine = {
  gpus: [{ name: 'NVIDIA L4', memoryBytes: 24e9, capability: 8.9 }],
  driver: '550.54.15',
  cuda: '12.4',
}

function onGpu(log: string, sizeVram: number, gpuMemoryBytes: number) {
  return verifyTiny({
    plan: { verify: { ...plan.verify, behaviour: { ...behaviour, gpu: rules } }, requires: { gpus: 1 } },
    routes: (server) => {
      server.log += log
      return {
        'GET /api/ps': (_, response) =>
          sendJson(response, 200, { models: [{ name: listed, size: 5e8, size_vram: sizeVram }] }),
      }
    },
    runner: { gpus: 1, machine: gpuMachine, gpuMemoryBytes },
  })
}

test('a server that computes on the GPU passes', async () => {
  const boot = await onGpu('load_tensors: offloaded 25/25 layers to GPU\n', 5e8, 6e8)
  expect(complaints(boot.checks)).toEqual([])
  expect(boot.measured.gpuMemoryBytes).toBe(6e8)
})

test.each([
  ['offloaded 0/25 layers to GPU\n', 'offloaded 0/25 layers to GPU'],
  ['offloaded 10/25 layers to GPU\n', 'offloaded 10/25 layers to GPU'],
  ['offloaded 10/100 layers to GPU\n', 'offloaded 10/100 layers to GPU'],
  ['offloaded 2/25 layers to GPU\n', 'offloaded 2/25 layers to GPU'],
  ['warning: no usable GPU found\noffloaded 25/25 layers to GPU\n', 'warning: no usable GPU found'],
])('computing a part on the CPU fails: log %j', async (log, line) => {
  const words = [`gpu-log failed: it computes on the CPU, its log says: ${line}`]
  expect(complaints((await onGpu(log, 5e8, 6e8)).checks)).toEqual(words)
})

test.each([
  ['', 5e8, 6e8, 'gpu-log failed: its log never says that it computes on a GPU'],
  [
    'offloaded 25/25 layers to GPU\n',
    0,
    6e8,
    'loaded-on-gpu failed: models.0.size_vram is 0 and models.0.size is 500000000',
  ],
  [
    'offloaded 25/25 layers to GPU\n',
    3e8,
    6e8,
    'loaded-on-gpu failed: models.0.size_vram is 300000000 and models.0.size is 500000000',
  ],
  ['offloaded 25/25 layers to GPU\n', 5e8, 1e6, 'gpu-memory failed: 1 MiB more than before'],
])('falling back to the CPU fails: log %j, size_vram %d, GPU memory %d', async (log, vram, memory, words) => {
  expect(complaints((await onGpu(log, vram, memory)).checks)).toEqual([words])
})

test.each([
  [{ gpus: 1 }, 0, {}, 'the image needs 1 GPU and gets none'],
  [{ gpus: 1 }, 1, { gpus: [], driver: null }, 'nvidia-smi shows no GPU here'],
  [{ gpus: 4 }, 1, {}, 'the model is split over 4 GPUs and 1 are given'],
  [{ gpus: 1, minDriver: '580.65' }, 1, {}, 'the NVIDIA driver is 550.54.15 and the image needs 580.65'],
  [{ gpus: 1, minCapability: 9 }, 1, {}, 'NVIDIA L4 has compute capability 8.9 and the image needs 9.0'],
  [{ gpus: 1, minGpuMemoryBytes: 80e9 }, 1, {}, 'NVIDIA L4 has 22.4 GiB and the image needs 74.5 GiB'],
])('a machine that cannot run it is refused before any boot: %j', async (requires, gpus, machine, found) => {
  const starts: string[] = []
  const runner = runnerOf(
    async () => {
      starts.push('started')
      return serve()
    },
    { gpus, machine: { ...gpuMachine, ...machine } },
  )
  const refused = verifyImage(digestOf('tiny'), { ...plan, requires }, { runner, onStep: () => undefined })
  await expect(refused).rejects.toMatchObject({ code: 'unfit-machine', failure: { found } })
  expect(starts).toEqual([])
})

test('an abort ends the waiting', async () => {
  const abort = new AbortController()
  const runner = runnerOf(() => serve(bad.loadsAtFirst(1e9)))
  const running = verifyImage(digestOf('tiny'), plan, {
    runner,
    onStep: () => undefined,
    limits,
    signal: abort.signal,
  })
  setTimeout(() => abort.abort(new Error('Ctrl-C')), 100)
  await expect(running).rejects.toThrow('Ctrl-C')
})
