import { z } from 'zod'
import { parseJson } from '../../images/boot/answer-text.ts'
import { type LoadReport, loadReportVersion } from '../../images/load/load-report.ts'
import type { MachineNoise } from '../../images/load/noise.ts'
import type { LoadComparison } from '../../images/load/regression.ts'
import type { LoadStep } from '../../images/load/step.ts'
import type { WeightsDivergence } from '../../images/quality/divergence.ts'
import type { LimitJudgement } from '../../images/quality/limit-result.ts'
import type { QualityReport } from '../../images/quality/quality-report.ts'
import { engineIds } from '../../recipes/engine-ids.ts'
import { loadSchema } from '../../recipes/load.ts'
import { qualitySchema } from '../../recipes/quality.ts'
import { machineSchema } from '../catalogue/boot-schema.ts'
import { StageError } from '../error.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { digestSchema } from '../registry-client/oci-documents.ts'

const figure = z.number().nullable()
const quantiles = z.object({ p50: z.number(), p90: z.number(), p99: z.number() }).nullable()

const requestSchema = z.object({
  dueMs: z.number(),
  lateMs: z.number(),
  ttftMs: figure,
  itlMs: figure,
  e2eMs: z.number(),
  longestGapMs: z.number(),
  inputTokens: figure,
  cachedTokens: figure,
  outputTokens: z.number(),
  outputFrom: z.enum(['usage', 'pieces']),
  error: z.string().nullable(),
})

const figuresSchema = z.object({
  requests: z.number(),
  errors: z.number(),
  ttftMs: quantiles,
  itlMs: quantiles,
  e2eMs: quantiles,
  prefillTokensPerSecond: figure,
  decodeTokensPerSecond: figure,
  outputTokensPerSecond: z.number(),
  requestsPerSecond: z.number(),
  meanInFlight: z.number(),
  goodput: figure,
  model: z
    .object({
      prefillMsPerToken: z.number(),
      decodeMsPerToken: z.number(),
      residual: z.number(),
      requests: z.number(),
    })
    .nullable(),
})

const stepSchema = z.object({
  pattern: z.discriminatedUnion('type', [
    z.object({ type: z.literal('users'), users: z.number() }),
    z.object({ type: z.literal('rate'), perSecond: z.number() }),
  ]),
  isRepeat: z.boolean(),
  durationMs: z.number(),
  figures: figuresSchema,
  requests: z.array(requestSchema),
  engine: z
    .object({
      cachePeak: figure,
      preemptions: figure,
      runningPeak: figure,
      waitingPeak: figure,
      readings: z.number(),
    })
    .exactOptional(),
}) satisfies z.ZodType<LoadStep>

const noiseSchema = z.object({
  idleOthers: z.array(z.number()),
  stolen: figure,
  spread: z.object({ ttft: figure, itl: figure, e2e: figure }),
  busy: z.array(z.string()),
}) satisfies z.ZodType<MachineNoise>

const comparisonSchema = z.object({
  before: z.string(),
  status: z.enum(['as before', 'regressed', 'not comparable']),
  why: z.array(z.string()),
  figures: z.array(
    z.object({
      at: z.string(),
      metric: z.enum(['ttft p50', 'itl p50', 'e2e p50']),
      beforeMs: z.number(),
      nowMs: z.number(),
      tolerance: z.number(),
      verdict: z.enum(['same', 'better', 'worse']),
    }),
  ),
}) satisfies z.ZodType<LoadComparison>

const judgementSchema = z.object({
  status: z.enum(['passed', 'failed', 'not comparable', 'no limits']),
  limits: z.array(
    z.object({
      limit: z.string(),
      at: z.string(),
      status: z.enum(['passed', 'failed', 'missing']),
      observed: z.string(),
    }),
  ),
}) satisfies z.ZodType<LimitJudgement>

const printedFigure = z.object({ value: z.string(), uncertainty: z.string() })
const speed = z.object({ perSecond: z.number(), spread: z.number() })
const weightsSchema = z.object({
  name: z.string(),
  file: z.string(),
  sizeBytes: z.number(),
  perplexity: printedFigure,
  speed: z.object({ prompt: speed, output: speed }).nullable(),
})

const divergenceSchema = z.object({
  mean: printedFigure,
  median: z.string(),
  p99: z.string(),
  most: z.string(),
  sameTop: printedFigure,
  file: z.string(),
  textSha256: z.string(),
  contextTokens: z.number(),
  chunks: z.number(),
  program: z.string(),
  reference: weightsSchema,
  image: weightsSchema,
}) satisfies z.ZodType<WeightsDivergence>

const reportedQuality = z.object({
  quality: qualitySchema,
  answers: z
    .object({
      file: z.string(),
      before: z.string(),
      why: z.array(z.string()),
      answers: z.array(
        z.object({
          prompt: z.string(),
          status: z.enum(['same', 'other', 'missing']),
          before: z.string(),
          now: z.string(),
          sameCharacters: z.number(),
        }),
      ),
    })
    .exactOptional(),
  questions: z.array(
    z.object({ ask: z.string(), right: z.boolean(), expected: z.string(), answer: z.string() }),
  ),
  perplexity: z
    .object({
      value: z.string(),
      uncertainty: z.string(),
      file: z.string(),
      textSha256: z.string(),
      contextTokens: z.number(),
      chunks: figure,
      program: z.string(),
    })
    .exactOptional(),
  divergence: divergenceSchema.exactOptional(),
  judgement: judgementSchema,
}) satisfies z.ZodType<QualityReport>

/** A report of a load, as JSON. */
export const loadReportSchema = z.object({
  loadReportVersion: z.literal(loadReportVersion),
  name: z.string(),
  image: digestSchema,
  plan: digestSchema,
  engine: z.object({ id: z.enum(engineIds), version: z.string() }),
  model: z.string(),
  machine: machineSchema,
  processor: z.string().nullable(),
  gpus: z.number(),
  createdAt: z.string(),
  load: loadSchema,
  tokenRate: z.object({ perWord: z.number(), around: z.number(), from: z.enum(['usage', 'assumed']) }),
  prompts: z.object({ file: z.string(), sha256: z.string(), count: z.number() }).exactOptional(),
  steps: z.array(stepSchema),
  noise: noiseSchema,
  judgement: judgementSchema,
  quality: reportedQuality.exactOptional(),
  comparison: comparisonSchema.exactOptional(),
}) satisfies z.ZodType<LoadReport>

/** Reads the JSON that `ingot bench --report` wrote. Throws `no-file` for what is no such report of this version. */
export async function readLoadReport(path: string): Promise<LoadReport> {
  const read = await readRegularFile(path)
  const parsed = read.ok ? loadReportSchema.safeParse(parseJson(read.text)) : undefined
  if (parsed?.success) return parsed.data
  const issue = parsed?.error.issues[0]
  throw new StageError('no-file', {
    attempted: `compare with the report ${path}`,
    found: read.ok
      ? `it is no report of a load of this version of ingot: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`
      : read.found,
    hint: 'name the load.json that `ingot bench --report FOLDER` wrote',
    cause: read.ok ? parsed?.error : read.cause,
  })
}
