import { z } from 'zod'
import type { BootReport } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { ContainerFacts } from '../../images/boot/container-facts.ts'
import type { RunnerFacts } from '../../images/boot/runner-facts.ts'
import { startSteps } from '../../images/boot/start-line.ts'

const figure = z.number().nullable()

export const checkSchema = z.object({
  id: z.string(),
  group: z.string(),
  title: z.string(),
  required: z.boolean(),
  status: z.enum(['passed', 'failed', 'skipped']),
  expected: z.string(),
  observed: z.string(),
  beganMs: z.number(),
  durationMs: z.number(),
  evidence: z.string(),
}) satisfies z.ZodType<CheckResult>

export const machineSchema = z.object({
  runner: z.enum(['dagger', 'docker', 'podman']),
  version: z.string(),
  kernel: z.string(),
  cpus: z.number(),
  memoryBytes: z.number(),
  gpus: z.array(z.object({ name: z.string(), memoryBytes: z.number(), capability: figure })),
  driver: z.string().nullable(),
  cuda: z.string().nullable(),
  emulates: z.string().exactOptional(),
  instructions: z.string().exactOptional(),
}) satisfies z.ZodType<RunnerFacts>

const factsSchema = z.object({
  uid: figure,
  gid: figure,
  capabilities: z.array(z.string()),
  noNewPrivileges: z.boolean().nullable(),
  rootReadOnly: z.boolean().nullable(),
  outwardPackets: figure,
  outwardRefused: figure,
  interfaces: z.array(z.string()),
  // Reports from before have none.
  sent: z.array(z.string()).default([]),
  cgroupPeakBytes: figure,
  residentPeakBytes: figure,
  processes: figure,
}) satisfies z.ZodType<ContainerFacts>

const measuredSchema = z.object({
  containerMs: z.number(),
  readyMs: figure,
  firstTokenMs: figure,
  tokensPerSecond: figure,
  runs: z.array(
    z.object({
      prompt: z.string(),
      tokens: z.number(),
      tokensFrom: z.enum(['usage', 'pieces']),
      firstTokenMs: z.number(),
      tokensPerSecond: z.number(),
    }),
  ),
  hostMemory: z.object({ cgroupPeakBytes: figure, residentPeakBytes: figure }),
  gpuMemoryBytes: figure,
}) satisfies z.ZodType<BootReport['measured']>

/** One boot, as a report keeps it. */
export const bootSchema = z.object({
  profile: z.enum(['hostile', 'plain']),
  runner: z.string(),
  identity: z.object({ uid: z.number(), gid: z.number() }),
  machine: machineSchema.nullable(),
  readyAfterMs: figure,
  peakMemoryBytes: figure,
  peakMemoryFrom: z.enum(['cgroup', 'resident']).nullable(),
  measured: measuredSchema,
  spans: z.array(z.object({ what: z.string(), beganMs: z.number(), endedMs: z.number() })),
  start: z
    .array(z.object({ step: z.enum(startSteps), ms: figure, note: z.string().exactOptional() }))
    .exactOptional(),
  facts: factsSchema.nullable(),
  checks: z.array(checkSchema),
  answers: z.array(
    z.object({ prompt: z.string(), answer: z.string(), tokens: z.number(), durationMs: z.number() }),
  ),
  logTail: z.string(),
  missing: z.array(z.string()).exactOptional(),
  standIn: z.literal(true).exactOptional(),
  workers: z.array(z.object({ name: z.string(), peakMemoryBytes: figure })).exactOptional(),
  stops: z
    .array(
      z.object({
        occasion: z.enum(['idle', 'loading', 'streaming', 'plain']),
        exitCode: figure,
        waitedMs: z.number(),
      }),
    )
    .exactOptional(),
}) satisfies z.ZodType<BootReport>
