import { type ModelFacts, type RoleCounts, sumOf } from '../../recipes/model-facts.ts'

/** Kernels that store experts of MXFP4 in whole tiles: Marlin pads both sides, Triton on Hopper the rows alone. */
export type ExpertTiles = 'marlin' | 'triton'

interface TileRules {
  tp: number
  pp: number
  expertTiles: ExpertTiles | null
}

/**
 * Marlin wants 256 columns and 128 rows: 2880 becomes 3072 and 2944, 9 % more (logged in vllm#23278). Triton's kernels for Hopper
 * take 256 columns of the values alone, not of their scales: 64.38 GiB of gpt-oss-120b are logged on an H100, 13.47 of 20b.
 */
export function expertPadding(
  facts: ModelFacts,
  roles: RoleCounts | undefined,
  total: number,
  { tp, pp, expertTiles }: TileRules,
): number {
  const experts = facts.experts
  if (expertTiles === null || facts.quantization?.method !== 'mxfp4' || !experts || !roles) return 0
  const share = (roles.expert ?? 0) / sumOf(roles)
  const hidden = Math.ceil(facts.hiddenSize / 256) * 256
  const ffn = Math.ceil(experts.ffnSize / tp / 128) * 128 * tp
  const growth =
    expertTiles === 'marlin'
      ? (hidden * ffn) / (facts.hiddenSize * experts.ffnSize) - 1
      : (hidden / facts.hiddenSize - 1) * (4 / 4.25)
  return Math.round((total * share * growth) / (tp * pp))
}
