import type { MemoryRequest } from '../../memory/request.ts'
import { atLeast } from '../../memory/versions.ts'
import type { VllmDefaults } from './memory-rules.ts'

const GiB = 1024 ** 3

/** What was given is taken as exact; each estimate widens the band. */
export function doubtOf(
  request: MemoryRequest,
  overhead: Record<string, number>,
  defaults: VllmDefaults,
): number {
  const given = request.overhead ?? {}
  const nonTorch =
    given.nonTorchBytes === undefined ? Math.max(0.25 * GiB, (overhead['nonTorch'] ?? 0) * 0.5) : 0
  const activation = given.activationBytes === undefined ? (overhead['activation'] ?? 0) * 0.15 : 0
  const graphs = given.cudaGraphBytes === undefined ? (overhead['cudaGraphs'] ?? 0) * 0.75 : 0
  const adapters = (overhead['adapters'] ?? 0) * 0.1
  return nonTorch + activation + graphs + adapters + sortingDoubt(request, overhead, defaults)
}

/** What FlashInfer's sampler takes less, where it may be the one. */
function sortingDoubt(
  request: MemoryRequest,
  overhead: Record<string, number>,
  { maySortLess, maxNumSeqs }: VllmDefaults,
): number {
  if (!maySortLess || request.overhead?.activationBytes !== undefined) return 0
  return Math.min(overhead['activation'] ?? 0, maxNumSeqs * request.facts.vocabSize * 24.5)
}

/** Which kernels take the experts of MXFP4 follows from what is installed: 3 % between them. */
export function expertDoubt({ facts }: MemoryRequest, version: string): number {
  const experts = facts.weights?.byRole.expert ?? ((facts.parameters?.expert ?? 0) * 4.25) / 8
  return facts.quantization?.method === 'mxfp4' && atLeast(version, '0.11.0') ? experts * 0.03 : 0
}

/** A pool may be larger by what the other sampler takes less: no small part of a card is left out silently. */
export function samplerDoubts(
  request: MemoryRequest,
  overhead: Record<string, number>,
  defaults: VllmDefaults,
): string[] {
  const isSmall = sortingDoubt(request, overhead, defaults) < request.gpu.memoryBytes * 0.02
  return isSmall || request.availableKvBytes !== undefined
    ? []
    : ['whether FlashInfer samples, as in the official image, is not told; without it logits are sorted']
}
