import type { ModelFacts } from '../../recipes/model-facts.ts'
import { atLeast } from './versions.ts'

export interface ProfileRun {
  version: string
  /** vLLM's first engine. */
  isV0: boolean
  tp: number
  maxNumBatchedTokens: number
  maxNumSeqs: number
}

/**
 * Peak of vLLM's profile run on one GPU: the largest of a full batch through one layer, the sampler, and the
 * images, which V1 also holds meanwhile. V0 ran the image inside the batch, so there they add up.
 */
export function activationPeak(facts: ModelFacts, run: ProfileRun): number {
  const layer = layerPeak(facts, run)
  const sampler = samplerPeak(facts, run)
  if (run.isV0) return Math.max(layer + imagePeakV0(facts, run), sampler)
  return Math.max(layer, sampler, towerPeak(facts, run)) + heldImages(facts, run)
}

/**
 * T x 6 x (f/tp + d): 2 bytes for three tensors of the feed-forward width and three of the hidden one. Checked on
 * vllm#10517: 20,000 tokens 2.060 GiB (log 2.07), 29,000 2.987 (2.99). Experts hold one hidden vector for each pick.
 */
function layerPeak(facts: ModelFacts, { tp, maxNumBatchedTokens }: ProfileRun): number {
  const picks = facts.experts ? 2 * facts.experts.perToken + 4 : 6
  return maxNumBatchedTokens * ((6 * facts.activeFfnSize) / tp + picks * facts.hiddenSize)
}

/** The dummy batch's logits, not divided by tp, beside one and a half or one of its hidden states. */
function samplerPeak(facts: ModelFacts, run: ProfileRun): number {
  const { version, isV0, maxNumSeqs, maxNumBatchedTokens } = run
  const hidden = maxNumBatchedTokens * facts.hiddenSize
  const logits = maxNumSeqs * facts.vocabSize
  if (isV0) return logits * 38 + hidden * 3
  if (!atLeast(version, '0.17.0')) return logits * 38.5
  const isPlain = usesSecondRunner(facts, version) && !atLeast(version, '0.33.0')
  return logits * (isPlain ? 6 : 14) + hidden * 2
}

/*
 * Bytes of one logit. Sorting takes the logit 2, its fp32 copy 4, sorted value 4, index 8, reversed index 8 and the sort's
 * own 12: 38. V0 logged 1.26 GiB at 256 x 128,256 (vllm#10511), 1.42 and 1.40 at 152,064 (vllm#13882), 0.94 at 100,352;
 * V1 38.5: 1.40 at 256 x 151,936, 5.58 at 1024 x 151,936, 7.37 at 1024 x 201,088 (vllm#27508). A kernel without sorting,
 * since 0.17, leaves 2 + 4 + probability 4 + noise 4 = 14. The second model runner profiles a plain sample, 2 + 4, and
 * since 0.33 all of it again.
 */

/** Dense models without recurrent layers since 0.25, all since 0.30. */
function usesSecondRunner(facts: ModelFacts, version: string): boolean {
  if (atLeast(version, '0.30.0')) return true
  const isHybrid = facts.layers.some(({ layer }) => layer.kind === 'state')
  return atLeast(version, '0.25.0') && facts.experts === null && !isHybrid
}

/**
 * The images of one batch through their tower: patches x 6 x (f/tp + d). Qwen3.8-27B, with what is held: 2.34 GiB at tp 1
 * (log 2.33), 1.56 at tp 2 (club-3090#1087 logs 1.59 with 0.13 of graphs in it).
 */
function towerPeak({ vision }: ModelFacts, run: ProfileRun): number {
  if (!vision) return 0
  return imagesOf(vision, run) * vision.maxPatches * 6 * (vision.ffnSize / run.tp + vision.hiddenSize)
}

/** V1 keeps pixels and encoded tokens of a batch of images while the text runs (vllm#21489: 9.96 GiB instead of 9.6). */
function heldImages({ vision, hiddenSize }: ModelFacts, run: ProfileRun): number {
  if (!vision) return 0
  const each = 2 * (vision.maxPatches * vision.patchElements + vision.maxTokens * hiddenSize)
  return imagesOf(vision, run) * each
}

/** As many of the largest images as their tokens fill a batch. */
function imagesOf({ maxTokens }: NonNullable<ModelFacts['vision']>, run: ProfileRun): number {
  return Math.max(1, Math.floor(run.maxNumBatchedTokens / Math.max(1, maxTokens)))
}

/**
 * V0 did not divide the tower, and gave Mllama one image for each sequence: 2.45 GiB where vllm#16570 logs 2.51, 36.1
 * where vllm#12126 logs 36.63, batch included.
 */
function imagePeakV0(facts: ModelFacts, run: ProfileRun): number {
  const vision = facts.vision
  if (!vision) return 0
  const crosses = facts.layers.some(({ layer }) => layer.kind === 'cross')
  const perPatch = 6 * (vision.ffnSize + vision.hiddenSize)
  return vision.maxPatches * perPatch * (crosses ? run.maxNumSeqs : 1)
}
