import { z } from 'zod'
import { limits, text } from './limits.ts'
import type { LockedFile, LockedWeights, PinnedSourceOf } from './locked-weights.ts'

/** Types that llama-quantize writes, in its own words. */
export const quantizationTypes = [
  ...['F16', 'BF16', 'Q8_0', 'Q6_K', 'Q5_K_M', 'Q5_K_S', 'Q5_1', 'Q5_0', 'Q4_K_M', 'Q4_K_S', 'Q4_1', 'Q4_0'],
  ...[
    'IQ4_NL',
    'IQ4_XS',
    'Q3_K_L',
    'Q3_K_M',
    'Q3_K_S',
    'IQ3_M',
    'IQ3_S',
    'IQ3_XS',
    'IQ3_XXS',
    'Q2_K',
    'Q2_K_S',
  ],
  ...['IQ2_M', 'IQ2_S', 'IQ2_XS', 'IQ2_XXS', 'IQ1_M', 'IQ1_S', 'TQ2_0', 'TQ1_0'],
] as const
export type QuantizationType = (typeof quantizationTypes)[number]

/** Types that llama-quantize writes only with an importance matrix: its source, build 11669. */
const needsMatrix: readonly QuantizationType[] = [
  ...(['IQ3_XXS', 'IQ2_S', 'IQ2_XS', 'IQ2_XXS', 'IQ1_M', 'IQ1_S', 'Q2_K_S'] as const),
]

export const quantizationSchema = z
  .strictObject({
    to: z
      .enum(quantizationTypes)
      .describe('What the tensors become, in the words of llama-quantize, such as Q4_K_M'),
    imatrix: text(limits.place)
      .min(1)
      .optional()
      .describe(
        'A text by which llama-imatrix finds out which weights matter; a path relative to the recipe',
      ),
    requantize: z
      .boolean()
      .default(false)
      .describe('Whether weights that are quantised already may be quantised again, which loses more'),
  })
  .refine(({ to, imatrix }) => imatrix !== undefined || !needsMatrix.includes(to), {
    path: ['to'],
    message: `another type, or imatrix beside it: without one llama-quantize writes no ${needsMatrix.join(', ')}`,
  })

export type QuantizationWish = z.infer<typeof quantizationSchema>

/** Largest text for an importance matrix: some hours of work of a processor on a small model. */
export const mostCalibrationBytes = 16 << 20

/** A text that a recipe names for an importance matrix. */
export interface CalibrationText {
  path: string
  sizeBytes: number
  sha256: string
}

/** Weights that were made here: what they are, and what they were made from. */
export type QuantizedSource = PinnedSourceOf<'quantized'>

/** The weights as they come from outside: those of before where they are quantised here. */
export function weightsAtSource(weights: LockedWeights): LockedWeights {
  const { source, license, gated, skipped } = weights
  if (source.type !== 'quantized') return weights
  const { from } = source
  return {
    ...from,
    ...(license === undefined ? {} : { license }),
    ...(gated === undefined ? {} : { gated }),
    ...(skipped === undefined ? {} : { skipped }),
  }
}

/** Tells the files that are made from those that the source has. */
export function madeBy({ from }: Pick<QuantizedSource, 'from'>): (file: LockedFile) => boolean {
  const outer = new Map(from.files.map((file) => [file.path, file.sha256]))
  return (file) => outer.get(file.path) !== file.sha256
}

/** `smollm2-135m-f16.gguf`, or the first of its shards, becomes `smollm2-135m-Q4_K_M.gguf`. */
export function quantizedName(path: string, to: QuantizationType): string {
  const stem = path
    .replace(/\.gguf$/i, '')
    .replace(/-\d{5}-of-\d{5}$/, '')
    .replace(/[-._](?:F32|BF16|F16|FP16|FP32|I?Q\d\w*|TQ\d\w*)$/i, '')
  return `${stem}-${to}.gguf`
}
