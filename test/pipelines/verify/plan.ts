import type { BootReport } from '../../../images/boot/boot-report.ts'
import type { CheckResult } from '../../../images/boot/check-result.ts'
import type { Behaviour, HttpProbe } from '../../../images/boot/probe.ts'
import {
  chatProbe,
  chatStreamProbe,
  generatedTokenProbe,
  modelsProbe,
} from '../../../images/engines/openai-probes.ts'
import { digestOf } from '../../../lib/digest.ts'
import type { VerifyLimits } from '../../../pipelines/verify/limits.ts'
import type { VerifyPlan } from '../../../pipelines/verify/planned-boots.ts'
import { verifyImage } from '../../../pipelines/verify/verify.ts'
import { model, type Routes, serve, type TinyServer } from '../../servers/openai.ts'
import { runnerOf, type TinyRunner } from '../../servers/runner.ts'

const health: HttpProbe = {
  id: 'health',
  group: 'native',
  title: 'the health page says ok',
  required: true,
  request: { method: 'GET', path: '/health' },
  expect: { type: 'json', status: 200, checks: [{ at: 'status', rule: 'equals', value: 'ok' }] },
  timeoutSeconds: 1,
}

export const behaviour: Behaviour = {
  readiness: generatedTokenProbe(model, 2),
  probes: [health, modelsProbe(model), chatProbe(model), chatStreamProbe(model)].map((probe) => ({
    ...probe,
    timeoutSeconds: 10,
  })),
  failureLines: ['failed to load model'],
  stop: { signal: 'SIGTERM', timeoutSeconds: 1, exitCodes: [0] },
  ask: { path: '/v1/chat/completions', bodyFor: 'openai-chat', textAt: 'choices.0.message.content' },
}

export const plan: VerifyPlan = {
  name: 'tiny-server',
  engine: { id: 'llama-cpp', version: '0.7.0' },
  model,
  platform: 'linux/amd64',
  port: 8080,
  sharedMemoryBytes: 64 * 1024 ** 2,
  verify: { profiles: ['plain'], startTimeoutSeconds: 20, prompts: ['Count to five.'], behaviour },
}

export const limits: VerifyLimits = {
  askSeconds: 60,
  answerSeconds: 10,
  wrongAnswerSeconds: 0.2,
  firstAttemptSeconds: 15,
  pollMs: 10,
  logPollMs: 10,
  underWayMs: 50,
  hangUpMs: 50,
}

export interface Case {
  routes?: Routes | ((server: TinyServer) => Routes)
  runner?: TinyRunner
  plan?: Partial<VerifyPlan>
  limits?: Partial<VerifyLimits>
}

/** Waits for less: for servers that never answer. A busy machine makes a good one late. */
export const hasty = {
  plan: {
    verify: {
      ...plan.verify,
      startTimeoutSeconds: 2,
      behaviour: {
        ...behaviour,
        probes: behaviour.probes.map((probe) => ({ ...probe, timeoutSeconds: 1 })),
      },
    },
  },
  limits: { answerSeconds: 0.5 },
} satisfies Case

/** Verifies a small server under the plain profile, once. */
export async function verifyTiny(given: Case = {}): Promise<BootReport> {
  const runner = runnerOf(() => serve(given.routes), given.runner)
  const [boot] = await verifyImage(
    digestOf('tiny'),
    { ...plan, ...given.plan },
    { runner, onStep: () => undefined, limits: { ...limits, ...given.limits } },
  )
  if (boot === undefined) throw new Error('nothing was booted')
  return boot
}

/** Checks that did not pass, each as `id status: observed`. */
export function complaints(checks: readonly CheckResult[]): string[] {
  return checks
    .filter((check) => check.status !== 'passed')
    .map((check) => `${check.id} ${check.status}: ${check.observed}`)
}
