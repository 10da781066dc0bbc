import { type Attribution, attribute } from '../../images/attribution/attribution.ts'
import { attributionChecks } from '../../images/attribution/checks.ts'
import type { BootReport } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { Report } from '../../images/report/report.ts'
import { reportVersion } from '../../images/report/report.ts'
import { digestOf } from '../../lib/digest.ts'

export function check(given: Partial<CheckResult> = {}): CheckResult {
  return {
    id: 'chat',
    group: 'serve',
    title: 'a chat completion has the OpenAI shape and counts its tokens',
    required: true,
    status: 'passed',
    expected: '200 with usage.completion_tokens',
    observed: 'as expected',
    beganMs: 2500,
    durationMs: 420,
    evidence: '',
    ...given,
  }
}

/** What a server may say to break a page or a file. */
export const nasty = '<script>alert(1)</script> & "quotes" \' | ``` ]]> \u0000\u001b[31m \ud800 é 漢'

export const failedCheck = check({
  id: 'chat-stream',
  title: `a streamed chat | ${nasty}`,
  status: 'failed',
  observed: `status 500 instead of 200: ${nasty}`,
  evidence: nasty,
  beganMs: 3000,
})

export const skippedCheck = check({
  id: 'graceful-stop',
  group: 'container',
  status: 'skipped',
  title: 'SIGTERM ends it',
  durationMs: 0,
})

export function boot(given: Partial<BootReport> = {}): BootReport {
  const checks = given.checks ?? [
    check({ id: 'ready', title: 'the named model generates a token', durationMs: 2100 }),
    check(),
  ]
  return {
    profile: 'hostile',
    runner: 'podman',
    identity: { uid: 54321, gid: 0 },
    machine: {
      runner: 'podman',
      version: '4.3.1',
      kernel: '6.1.0',
      cpus: 2,
      memoryBytes: 25e9,
      gpus: [{ name: 'NVIDIA L4', memoryBytes: 24e9, capability: 8.9 }],
      driver: '550.54.15',
      cuda: '12.4',
    },
    readyAfterMs: 2100,
    peakMemoryBytes: 298_815_488,
    peakMemoryFrom: 'cgroup',
    measured: {
      containerMs: 400,
      readyMs: 2100,
      firstTokenMs: 31,
      tokensPerSecond: 88.4,
      runs: [{ prompt: 'Write.', tokens: 64, tokensFrom: 'usage', firstTokenMs: 31, tokensPerSecond: 88.4 }],
      hostMemory: { cgroupPeakBytes: 298_815_488, residentPeakBytes: 340_127_744 },
      gpuMemoryBytes: 600e6,
    },
    spans: checks.map(({ title, beganMs, durationMs }) => ({
      what: title,
      beganMs,
      endedMs: beganMs + durationMs,
    })),
    facts: null,
    answers: [{ prompt: 'What is the capital of France?', answer: 'Paris.', tokens: 2, durationMs: 80 }],
    logTail: '',
    ...given,
    checks,
  }
}

/** A model, a base and an engine; `hidden` adds a layer that overwrites a library of the base. */
export function attribution(hidden = false): Attribution {
  const file = (path: string, sizeBytes: number, more = {}) =>
    ({ path, type: 'file', sizeBytes, mode: 0o644, ...more }) as const
  const layer = (digest: string, title: string, storedBytes: number, entries: ReturnType<typeof file>[]) => ({
    digest: digestOf(digest),
    title,
    storedBytes,
    entries,
  })
  return attribute(
    [
      layer('w', 'weights: model.gguf', 98_362_432, [file('/models/m/model.gguf', 98_362_432)]),
      layer('b', 'base system', 5_100_000, [
        file('/usr/lib/libc.so.6', 15_000_000),
        file('/usr/share/a.txt', 500_000, { sha256: 'aa' }),
        file('/usr/share/b.txt', 500_000, { sha256: 'aa' }),
      ]),
      layer('e', 'llama-cpp 0.7.0', 6_300_000, [
        file('/usr/bin/llama-server', 20_000_000),
        file('/usr/lib/x/libggml-cuda.so', 9_000_000, { gpuCode: { sm_90: 5_000_000 } }),
        ...(hidden ? [file('/usr/lib/libc.so.6', 14_000_000)] : []),
      ]),
    ],
    { weightLayers: new Set([digestOf('w')]) },
  )
}

export function report(given: Partial<Report> = {}): Report {
  return {
    reportVersion,
    name: 'smollm2-135m-llama-cpp',
    image: digestOf('image'),
    plan: digestOf('plan'),
    engine: { id: 'llama-cpp', version: '0.7.0' },
    model: 'smollm2-135m-instruct',
    verdict: 'verified',
    sizes: {
      storedBytes: 109_700_000,
      runtimeBytes: 11_400_000,
      weightsBytes: 98_362_432,
      stockTreeBytes: 293_600_000,
      keptTreeBytes: 46_600_000,
    },
    layers: [
      { part: 'weights', cause: 'weights: model.gguf', digest: digestOf('w'), sizeBytes: 98_362_432 },
      { part: 'runtime', cause: 'base system', digest: digestOf('b'), sizeBytes: 5_100_000 },
      { part: 'runtime', cause: 'llama-cpp 0.7.0', digest: digestOf('e'), sizeBytes: 6_300_000 },
    ],
    removals: [
      {
        rule: 'docs',
        reason: 'nobody reads manuals in a container',
        risk: 'safe',
        files: 420,
        sizeBytes: 12_000_000,
        largest: [{ path: '/usr/share/man/man1/<b>.1', sizeBytes: 4000 }],
      },
      {
        rule: 'locales',
        reason: 'servers speak English',
        risk: 'safe',
        files: 99,
        sizeBytes: 30_000_000,
        largest: [],
      },
    ],
    missingLibraries: [],
    attribution: attribution(),
    checks: attributionChecks(attribution()),
    scan: {
      entries: 209,
      sizeBytes: 46_600_000,
      setuid: [],
      worldWritable: [],
      shells: ['/usr/bin/sh'],
      shellReasons: ['the guard that checks mounted weights is a script'],
      searchedFor: ['HF_TOKEN'],
      gitleaks: true,
      excused: ['/opt/app/test.key:1 private-key'],
    },
    memory: {
      of: 'host',
      limitBytes: 400_000_000,
      parts: [
        { cause: 'weights', sizeBytes: 98_362_432 },
        { cause: 'KV cache', sizeBytes: 188_743_680 },
      ],
    },
    boots: [boot(), boot({ identity: { uid: 54321, gid: 54321 } })],
    times: {
      createdAt: '2026-11-24T07:00:00.123Z',
      runtimeMs: 60_000,
      weightsMs: 5000,
      verifyMs: 30_000,
      totalMs: 95_000,
    },
    ...given,
  }
}

/** A report in which everything that can go wrong in writing it is said by the server. */
export function nastyReport(): Report {
  const checks = [check(), failedCheck, skippedCheck]
  return report({
    verdict: 'failed',
    boots: [
      boot({
        checks,
        logTail: `line\n${nasty}`,
        answers: [{ prompt: nasty, answer: nasty, tokens: 1, durationMs: 1 }],
      }),
    ],
  })
}
