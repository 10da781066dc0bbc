import semver from 'semver'
import { z } from 'zod'
import { engineIds } from './engine-ids.ts'
import { isImageReference } from './image-reference.ts'
import { limits, text, texts, words } from './limits.ts'
import { ownLayer } from './own-layer.ts'
import { modelName, partSchema } from './parts.ts'
import { count, size } from './quantities.ts'
import { deliveredWeights } from './recipe-weights.ts'
import { serving } from './serving.ts'
import { tasks } from './tasks.ts'
import { verification } from './verification.ts'
import { vulnerabilitiesSchema } from './vulnerabilities.ts'

/**
 * How dangerous a removal is: `safe` never matters to a server; `jit` breaks compilation at run time;
 * `feature` removes something the recipe does not use.
 */
export const riskClasses = ['safe', 'jit', 'feature'] as const
export type RiskClass = (typeof riskClasses)[number]

/** Kinds of Vulkan drivers: by vendor of the card, and `software`, which computes on the CPU and is there to be tried. */
export const vulkanDrivers = ['amd', 'intel', 'nvidia', 'software'] as const
export type VulkanDriver = (typeof vulkanDrivers)[number]

const settingPath = text(limits.place).min(1)

const model = z.strictObject({
  name: modelName.describe('Name under which the server offers the model'),
  task: z
    .union([z.enum(tasks), z.array(z.enum(tasks)).min(1).max(tasks.length)])
    .optional()
    .describe(
      'What the model is served for; a list where one server serves several. Default: what its files say, else chat',
    ),
  license: words.optional().describe('SPDX identifier or name of the licence of the weights'),
  acceptLicense: words
    .optional()
    .describe(
      'Name of the licence whose terms are accepted, such as llama3.1. Needed for gated models and for licences with terms of their own',
    ),
  chatTemplate: settingPath
    .optional()
    .describe(
      'Chat template in Jinja in place of what the files of the model say; a path relative to the recipe',
    ),
  toolCallParser: words
    .optional()
    .describe('How the server reads calls of tools out of answers, in its own words, such as hermes'),
  reasoningParser: words
    .optional()
    .describe('How the server tells reasoning from the answer, in its own words, such as qwen3'),
  generationConfig: settingPath
    .optional()
    .describe(
      'Defaults for drawing tokens, in the form of generation_config.json; a path relative to the recipe',
    ),
})

const engine = z.strictObject({
  id: z.enum(engineIds).describe('Inference server'),
  version: z
    .string()
    .max(limits.words)
    .refine((range) => semver.validRange(range) !== null, 'a semver range such as ">=0.30 <0.34"')
    .refine((range) => semver.validRange(range) === null || semver.minVersion(range) !== null, {
      error: 'a range that has a version in it',
    })
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
    .enum(['cpu', 'cuda', 'vulkan', 'rocm'])
    .optional()
    .describe(
      'What the server computes on. vulkan: cards of AMD, Intel and NVIDIA; rocm: cards of AMD; both where the engine has them. Default: cuda with a target GPU, else cpu',
    ),
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
  base: text(limits.place)
    .min(1)
    .refine(isImageReference, 'an image as HOST/NAME:TAG or NAME@sha256:DIGEST')
    .optional()
    .describe("Base image instead of the engine's default"),
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
  compression: z
    .enum(['zstd', 'gzip'])
    .optional()
    .describe(
      'How layers of the runtime and of a modelcar are packed. gzip is larger and slower, for Docker before 23, and for pullers of Kubernetes that read no zstd. Default: zstd',
    ),
  slim: z
    .union([z.boolean(), z.array(z.enum(riskClasses)).min(1).max(riskClasses.length)])
    .default(true)
    .describe(
      'Whether files that the server never needs are removed. A list allows classes of rules: safe; jit (breaks compilation at run time); feature (removes what a recipe does not use)',
    ),
  packageList: z
    .enum(['base', 'told'])
    .optional()
    .describe(
      'What the list of Debian packages in a slim image says. base: all that was installed; told: packages of which slimming left nothing stand there as removed, as dpkg writes it, and scanners pass over them. Default: base',
    ),
  compileCache: z
    .boolean()
    .optional()
    .describe(
      'true: what the engine compiles when it starts is taken from a boot into a layer of the image, so that later starts load it (vLLM, SGLang). Such an image is not the same to the byte when it is built twice. Default: false',
    ),
  policy: policy.default(() => policy.parse({})),
  ...ownLayer,
  trust: z
    .union([z.literal('keep'), z.array(text(limits.place).min(1)).min(1).max(limits.patterns)], {
      error: 'keep, or a list of PEM files',
    })
    .optional()
    .describe(
      'keep: the certificates of the base stay, for servers that open TLS connections, as for images by https. A list of PEM files, relative to the recipe: these are trusted and no others; a bundle may hold public ones too. Default: an offline server needs none',
    ),
})

const target = z.strictObject({
  gpu: words.optional().describe('GPU the image is for, e.g. h100, l4, a100-80gb; none means CPU'),
  count: count(limits.gpus).default(1).describe('GPUs of one server, on each of its machines'),
  driver: z
    .string()
    .max(64)
    .regex(/^\d+(\.\d+)*$/, 'a version such as 580.65')
    .optional()
    .describe('Oldest NVIDIA driver among the hosts'),
  drivers: z
    .array(z.enum(vulkanDrivers))
    .min(1)
    .max(vulkanDrivers.length)
    .optional()
    .describe(
      'Vulkan drivers in the image: amd, intel; nvidia comes from the host; software computes on the CPU, so that the image can be tried without a card. Default: by target.gpu, else all',
    ),
  fit: z
    .enum(['refuse', 'warn'])
    .optional()
    .describe(
      'What a model that surely does not fit the GPU does: refuse the recipe, or warn in plan and report. Default: refuse',
    ),
})

export const recipeSchema = z.strictObject({
  apiVersion: z
    .literal('ingot/v1')
    .optional()
    .describe('Version of this schema. Default: ingot/v1, as every recipe before it'),
  name: z
    .string()
    .max(limits.nameLength)
    .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, 'lower-case letters and digits, joined by . _ or -')
    .describe('Name of the image; also the name of the lock'),
  model,
  engine,
  weights: deliveredWeights,
  parts: z
    .array(partSchema)
    .max(limits.parts)
    .default([])
    .describe('What the image holds beside the model: adapters, a drafter, a projector, further models'),
  serving: serving.default(() => serving.parse({})),
  image: image.default(() => image.parse({})),
  target: target.default(() => target.parse({})),
  verify: verification.default(() => verification.parse({})),
  vulnerabilities: vulnerabilitiesSchema
    .optional()
    .describe('Known vulnerabilities: what fails, what may stay, and what is known of where they lie'),
})

/** What a person asked for, with every default filled in. Sizes are bytes. */
export type Recipe = z.infer<typeof recipeSchema>
