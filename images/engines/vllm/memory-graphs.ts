import { formatGiB } from '../../../lib/bytes.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { atLeast } from '../../memory/versions.ts'
import type { VllmDefaults } from './memory-rules.ts'

const GiB = 1024 ** 3

/**
 * vLLM captures two graphs of each sort and multiplies: 0.1 GiB shared and 5 MiB for each of the sizes 1, 2, 4, 8, 16 …
 * 256, 272 … up to twice the sequences (piecewise, at most 512) and up to the sequences (whole). Logged: 0.52 and 0.58 GiB
 * for 51 + 35 graphs, 0.13 for 5, 0.09 for 3 + 2; hybrids with a draft model up to 2.2.
 */
export function graphEstimateBytes(maxNumSeqs: number): number {
  const piecewise = captureSizes(Math.min(512, 2 * maxNumSeqs))
  return (0.1 + 0.005 * (piecewise + captureSizes(Math.min(512, maxNumSeqs)))) * GiB
}

function captureSizes(largest: number): number {
  const small = [1, 2, 4].filter((size) => size <= largest).length
  return small + Math.floor(Math.min(largest, 256) / 8) + Math.floor(Math.max(0, largest - 256) / 16)
}

/** Bytes of one graph as it is captured: 0.44 GiB for 19 and 0.64 for 35 are logged, 2.4 to 3.3 for the 35 of V0. */
const capturedBytes = { V0: 0.08 * GiB, V1: 0.02 * GiB }

/** A context of CUDA and what libraries load lie outside of every budget. */
const contextBytes = 0.5 * GiB

/** Graphs that a version captures: one for each size until 0.10, and since then whole ones beside the pieces. */
function capturedGraphs({ isV0, maxNumSeqs }: VllmDefaults, version: string): number {
  if (isV0) return captureSizes(Math.min(256, maxNumSeqs))
  const pieces = captureSizes(Math.min(512, 2 * maxNumSeqs))
  return pieces + (atLeast(version, '0.11.0') ? captureSizes(Math.min(512, maxNumSeqs)) : 0)
}

/**
 * What the capture of graphs takes beside a budget that does not charge it, and what the card has left there. Recurrent layers
 * and drafts capture each size once more.
 */
export function graphWarnings(request: MemoryRequest, version: string, defaults: VllmDefaults): string[] {
  if (defaults.chargesGraphs || request.enforceEager === true) return []
  const { gpu, facts, gpuMemoryUtilization = defaults.utilization } = request
  const graphs = capturedGraphs(defaults, version)
  const isHybrid = facts.layers.some(({ layer }) => layer.kind === 'state')
  const times = 1 + (isHybrid ? 1 : 0) + ((request.speculativeTokens ?? 0) > 0 ? 1 : 0)
  const taken = 0.1 * GiB + graphs * times * (defaults.isV0 ? capturedBytes.V0 : capturedBytes.V1)
  const left = gpu.memoryBytes * (1 - gpuMemoryUtilization) - contextBytes
  const words = `${graphs * times} CUDA graphs take about ${formatGiB(taken)} outside this budget, where ${formatGiB(Math.max(0, left))} are left`
  if (taken <= left) return [words]
  const share = Math.max(0, 1 - (taken + contextBytes) / gpu.memoryBytes)
  return [
    `${words}: their capture may run out of memory; lower gpu-memory-utilization to ${share.toFixed(2)}`,
  ]
}
