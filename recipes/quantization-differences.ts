import { differing, type LockDifference } from './lock-difference.ts'
import type { LockedWeights } from './locked-weights.ts'
import type { QuantizationWish } from './quantization.ts'

/** Where the weights of a lock were not made as a recipe asks. What is made anew follows from the lock itself. */
export function quantizationDifferences(
  asked: QuantizationWish | undefined,
  { source }: LockedWeights,
): LockDifference[] {
  const made = source.type === 'quantized' ? source : undefined
  if (asked === undefined || made === undefined) return differing('weights.quantize', asked?.to, made?.to, [])
  return [
    ...differing('weights.quantize.to', asked.to, made.to, []),
    ...differing('weights.quantize.requantize', asked.requantize, made.requantize, []),
    ...differing('weights.quantize.imatrix', asked.imatrix, made.imatrix?.path, []),
  ]
}
