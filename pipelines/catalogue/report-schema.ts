import { z } from 'zod'
import type { AnyCause, Attribution } from '../../images/attribution/attribution.ts'
import { type Cause, causes } from '../../images/attribution/causes.ts'
import type { ImageFacts } from '../../images/attribution/facts.ts'
import { type GateResult, gatePartIds } from '../../images/gate/result.ts'
import type { PredictedMemory } from '../../images/memory/predicted.ts'
import { type Report, reportVersion } from '../../images/report/report.ts'
import type { ScanReport } from '../../images/report/scan-result.ts'
import type { PackageChanges } from '../../images/tree/packages.ts'
import { engineIds } from '../../recipes/engine-ids.ts'
import { digestSchema } from '../registry-client/oci-documents.ts'
import { bootSchema, checkSchema } from './boot-schema.ts'

const texts = z.array(z.string())
const largeFile = z.object({ path: z.string(), sizeBytes: z.number() })
const cause = z.enum(causes) satisfies z.ZodType<Cause>
const anyCause = z.union([cause, z.templateLiteral(['kernels ', z.string()])]) satisfies z.ZodType<AnyCause>
const pathList = z.object({ count: z.number(), paths: texts })

/** What slimming took out under one rule. */
export const removalSchema = z.object({
  rule: z.string(),
  risk: z.enum(['safe', 'jit', 'feature']),
  reason: z.string(),
  files: z.number(),
  sizeBytes: z.number(),
  largest: z.array(largeFile),
})

export const missingLibrarySchema = z.object({ path: z.string(), needs: z.string() })
export const licencesSchema = z.record(z.string(), texts)

/** What slimming took, by package. */
export const packageChangesSchema = z.object({
  packages: z.array(
    z.object({
      type: z.enum(['deb', 'pypi']),
      name: z.string(),
      version: z.string().exactOptional(),
      architecture: z.string().exactOptional(),
      files: z.number(),
      keptFiles: z.number(),
      unfoundFiles: z.number().exactOptional(),
      isBare: z.literal(true).exactOptional(),
    }),
  ),
  removed: z.string(),
}) satisfies z.ZodType<PackageChanges>

const factsSchema = z.object({
  packageCaches: z.object({ sizeBytes: z.number(), files: z.number(), largest: z.array(largeFile) }),
  shells: pathList,
  packageManagers: pathList,
  compilers: pathList,
  setuid: pathList,
  worldWritable: pathList,
}) satisfies z.ZodType<ImageFacts>

const attributionSchema = z.object({
  storedBytes: z.number(),
  unpackedBytes: z.number(),
  visibleBytes: z.number(),
  files: z.number(),
  layers: z.array(
    z.object({
      digest: z.string(),
      title: z.string(),
      storedBytes: z.number(),
      unpackedBytes: z.number(),
      shadowedBytes: z.number(),
      files: z.number(),
    }),
  ),
  causes: z.array(z.object({ cause: anyCause, sizeBytes: z.number(), files: z.number() })),
  shadowed: z.object({
    sizeBytes: z.number(),
    files: z.number(),
    largest: z.array(
      largeFile.extend({
        layer: z.number(),
        byLayer: z.number(),
        how: z.enum(['overwritten', 'removed']),
      }),
    ),
  }),
  duplicates: z.object({
    sizeBytes: z.number(),
    groups: z.number(),
    largest: z.array(
      z.object({ sizeBytes: z.number(), sha256: z.string(), copies: z.number(), paths: texts }),
    ),
  }),
  largest: z.array(largeFile.extend({ cause, layer: z.number() })),
  facts: factsSchema,
}) satisfies z.ZodType<Attribution>

const memorySchema = z.object({
  of: z.enum(['gpu', 'host']),
  limitBytes: z.number().nullable(),
  parts: z.array(z.object({ cause: z.string(), sizeBytes: z.number() })),
  bound: z
    .object({ tokensPerSecond: z.number(), firstTokenMs: z.number(), promptTokens: z.number() })
    .exactOptional(),
}) satisfies z.ZodType<PredictedMemory>

const scanSchema = z.object({
  setuid: texts,
  worldWritable: texts,
  shells: texts,
  entries: z.number(),
  sizeBytes: z.number(),
  weightFiles: z.number().exactOptional(),
  shellReasons: texts,
  searchedFor: texts,
  gitleaks: z.boolean(),
  excused: texts,
}) satisfies z.ZodType<ScanReport>

const gateSchema = z.object({
  status: z.enum(['passed', 'failed', 'incomplete', 'not run']),
  stockImage: digestSchema.nullable(),
  parts: z.array(
    z.object({
      id: z.enum(gatePartIds),
      status: z.enum(['passed', 'failed', 'not run', 'skipped']),
      found: z.string(),
      details: texts,
    }),
  ),
}) satisfies z.ZodType<GateResult>

/** A report as the store keeps it; one of another version is none. */
export const reportSchema = z.object({
  reportVersion: z.literal(reportVersion),
  name: z.string(),
  image: digestSchema,
  plan: digestSchema,
  engine: z.object({ id: z.enum(engineIds), version: z.string() }),
  model: z.string(),
  verdict: z.enum(['verified', 'failed', 'unverified', 'stand-in boot', 'not booted']),
  sizes: z.object({
    storedBytes: z.number(),
    runtimeBytes: z.number(),
    weightsBytes: z.number(),
    stockTreeBytes: z.number(),
    keptTreeBytes: z.number(),
  }),
  layers: z.array(
    z.object({
      part: z.enum(['weights', 'runtime']),
      cause: z.string(),
      digest: digestSchema,
      sizeBytes: z.number(),
    }),
  ),
  weightsImage: digestSchema.exactOptional(),
  removals: z.array(removalSchema),
  missingLibraries: z.array(missingLibrarySchema),
  licences: licencesSchema.exactOptional(),
  attribution: attributionSchema,
  checks: z.array(checkSchema),
  memory: memorySchema.exactOptional(),
  scan: scanSchema.exactOptional(),
  boots: z.array(bootSchema),
  gate: gateSchema.exactOptional(),
  times: z.object({
    createdAt: z.string(),
    runtimeMs: z.number(),
    weightsMs: z.number(),
    verifyMs: z.number(),
    totalMs: z.number(),
  }),
}) satisfies z.ZodType<Report>
