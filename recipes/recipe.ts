import semver from 'semver'
import { z } from 'zod'
import { parseBytes } from '../lib/bytes.ts'
import { engineIds } from './engine-ids.ts'
import { limits, text, texts, words } from './limits.ts'
import { deliveries, weightsSourceSchema } from './weights.ts'

export const profiles = ['hostile', 'plain'] as const
export type Profile = (typeof profiles)[number]

/**
 * How dangerous a removal is: `safe` never matters to a server; `jit` breaks compilation at run time;
 * `feature` removes something the recipe does not use.
 */
export const riskClasses = ['safe', 'jit', 'feature'] as const
export type RiskClass = (typeof riskClasses)[number]

const size = z
  .union([z.number().int().positive(), z.string().max(64)])
  .refine(
    (value) => typeof value === 'number' || isSize(value),
    'a size such as 200MB, 16GiB or a number of bytes',
  )
  .transform((value) => (typeof value === 'number' ? value : parseBytes(value)))
  .refine((bytes) => bytes >= 1 && bytes <= limits.sizeBytes, 'a size from 1 byte to 1000 TB')

const count = (most: number) => z.number().int().positive().max(most)
const tokens = count(limits.tokens)

const model = z.strictObject({
  name: z
    .string()
    .max(limits.modelNameLength)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'letters, digits and . _ : / -')
    .describe('Name under which the server offers the model'),
  license: words.optional().describe('SPDX identifier or name of the licence of the weights'),
  acceptLicense: words
    .optional()
    .describe(
      'Name of the licence whose terms are accepted, such as llama3.1. Needed for gated models and for licences with terms of their own',
    ),
})

const engine = z.strictObject({
  id: z.enum(engineIds).describe('Inference server'),
  version: z
    .string()
    .max(limits.words)
    .refine((range) => semver.validRange(range) !== null, 'a semver range such as ">=0.30 <0.34"')
    .default('*')
    .describe(
      'Semver range of the server; the lock pins one version. llama.cpp build b11669 without a release number counts as 11669.0.0',
    ),
  runtime: z
    .enum(['packages', 'upstream'])
    .optional()
    .describe(
      'packages: a small base and locked packages; upstream: the official image, cleaned. Default: by engine',
    ),
  device: z
    .enum(['cpu', 'cuda'])
    .optional()
    .describe('What the server computes on. Default: cuda with a target GPU, else cpu'),
})

const weights = z
  .strictObject({
    source: weightsSourceSchema.describe('Where the files come from'),
    delivery: z
      .enum(deliveries)
      .default('baked')
      .describe(
        'baked: layers of the image; mounted: read-only mount; hf-cache: a named volume in Hub layout; artifact: an OCI image of their own',
      ),
    modelcar: z
      .boolean()
      .default(false)
      .describe(
        'With artifact: one more image of the weights, with the programs that KServe starts in a modelcar',
      ),
  })
  .refine(({ delivery, modelcar }) => !modelcar || delivery === 'artifact', {
    path: ['modelcar'],
    message: 'false, or `delivery: artifact` beside it',
  })

const ollamaTemplate = z.strictObject({
  text: text(limits.value)
    .min(1)
    .describe(
      'Go template text, as after TEMPLATE in a Modelfile; the special token that begins a text is left out',
    ),
  stop: z
    .array(words)
    .max(limits.prompts)
    .default([])
    .describe('Texts that end an answer, besides the last tokens that the model itself names'),
})

const serving = z.strictObject({
  contextLength: tokens
    .optional()
    .describe('Tokens of one sequence, prompt and answer together. Default: what the model declares'),
  parallelism: count(limits.sequences).default(1).describe('Sequences served at the same time'),
  dtype: z.enum(['auto', 'float32', 'float16', 'bfloat16']).default('auto').describe('Type of computation'),
  quantization: words.optional().describe("Quantisation in the engine's words, e.g. gptq, awq, fp8, Q4_K_M"),
  kvCacheDtype: words.optional().describe("Type of the KV cache in the engine's words"),
  tensorParallel: count(limits.gpus).default(1).describe('GPUs that one model is split over'),
  gpuMemoryUtilization: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe('Share of GPU memory the server may take'),
  maxInputTokens: tokens
    .optional()
    .describe('Longest prompt in tokens, where the engine limits it apart from the context'),
  maxPrefillTokens: tokens.optional().describe('Tokens processed in one prefill step'),
  port: z
    .number()
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe("Port the server listens on. Default: the engine's own"),
  sharedMemory: size
    .optional()
    .describe(
      'Size of /dev/shm the server needs. Default: 64 MiB, and by engine and GPUs where several compute',
    ),
  extraArguments: z
    .array(text(limits.value).min(1))
    .max(limits.entries)
    .default([])
    .describe(
      "Arguments appended to the server's command line as they are, flag and value as items of their own; none that ingot itself sets",
    ),
  ollamaTemplate: ollamaTemplate
    .optional()
    .describe("Chat template in Ollama's own form, in place of what ingot makes of the model's"),
  environment: texts(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and _ that begins with no digit'),
  )
    .default({})
    .describe('Further environment variables; no secrets, and none that ingot itself sets'),
})

const paths = z
  .array(z.string().max(limits.place).regex(/^\//, 'an absolute path, with * and ** as wildcards'))
  .max(limits.entries)
  .default([])

const policy = z.strictObject({
  allowWorldWritable: paths.describe(
    'Paths that every user may write, besides folders with a sticky bit such as /tmp',
  ),
  allowSecrets: paths.describe(
    'Files in which somebody looked at what gitleaks reports and found no secret. A token of the run is never allowed',
  ),
  allowShells: z
    .boolean()
    .optional()
    .describe('true: any shell; false: none. Default: where the engine says what it needs one for'),
})

const image = z.strictObject({
  platform: z.enum(['linux/amd64', 'linux/arm64']).default('linux/amd64').describe('Platform of the image'),
  base: text(limits.place).min(1).optional().describe("Base image instead of the engine's default"),
  budgets: z
    .strictObject({
      total: size.optional().describe('Most bytes the stored image may have'),
      runtime: size.optional().describe('Most bytes of the stored image without weights'),
      layer: size.optional().describe('Most bytes of one stored layer that is not weights'),
    })
    .default({})
    .describe('Limits whose breach fails the build'),
  labels: texts(z.string())
    .default({})
    .describe('Further labels of the image; none that ingot itself sets, such as dev.ingot.*'),
  registry: words
    .default('any')
    .describe(
      'Registry whose limit on layers is kept: any, ghcr, ecr, ecr-public, or a largest layer such as 20GB',
    ),
  slim: z
    .union([z.boolean(), z.array(z.enum(riskClasses)).min(1).max(riskClasses.length)])
    .default(true)
    .describe(
      'Whether files that the server never needs are removed. A list allows classes of rules: safe; jit (breaks compilation at run time); feature (removes what a recipe does not use)',
    ),
  policy: policy.default(() => policy.parse({})),
  trust: z
    .literal('keep')
    .optional()
    .describe(
      'keep: the certificates of the base stay, for servers that open TLS connections, as for images by https. Default: an offline server needs none',
    ),
})

const target = z.strictObject({
  gpu: words.optional().describe('GPU the image is for, e.g. h100, l4, a100-80gb; none means CPU'),
  count: count(limits.gpus).default(1).describe('GPUs of one server'),
  driver: z
    .string()
    .max(64)
    .regex(/^\d+(\.\d+)*$/, 'a version such as 580.65')
    .optional()
    .describe('Oldest NVIDIA driver among the hosts'),
  fit: z
    .enum(['refuse', 'warn'])
    .optional()
    .describe(
      'What a model that surely does not fit the GPU does: refuse the recipe, or warn in plan and report. Default: refuse',
    ),
})

const verify = z.strictObject({
  profiles: z
    .array(z.enum(profiles))
    .min(1)
    .max(profiles.length)
    .default(['hostile'])
    .describe('Conditions under which the image is booted'),
  startTimeoutSeconds: count(limits.seconds)
    .default(300)
    .describe('Time from start to the first generated token'),
  prompts: z
    .array(text(limits.value).min(1))
    .min(1)
    .max(limits.prompts)
    .default(['What is the capital of France? Answer in one word.'])
    .describe('Prompts answered greedily and recorded in the report'),
})

export const recipeSchema = z.strictObject({
  name: z
    .string()
    .max(limits.nameLength)
    .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, 'lower-case letters and digits, joined by . _ or -')
    .describe('Name of the image; also the name of the lock'),
  model,
  engine,
  weights,
  serving: serving.default(() => serving.parse({})),
  image: image.default(() => image.parse({})),
  target: target.default(() => target.parse({})),
  verify: verify.default(() => verify.parse({})),
})

/** What a person asked for, with every default filled in. Sizes are bytes. */
export type Recipe = z.infer<typeof recipeSchema>

function isSize(text: string): boolean {
  try {
    parseBytes(text)
    return true
  } catch {
    return false
  }
}
