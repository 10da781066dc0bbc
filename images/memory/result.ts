/**
 * The plan as plain data: whole numbers for bytes, no functions, no dates, so that it can stand in canonical JSON.
 * Bytes are of the fullest GPU.
 */

/** Lowest and highest value expected. */
export type Band = readonly [low: number, high: number]

/** What the engine's log calls "KV cache size" differs by version (vllm#51041). */
export type TokenMeaning =
  | 'blocks times block size'
  | 'blocks over groups times the smallest block'
  | 'concurrency times context length'
  | 'pool over bytes per token'
  | 'context of all sequences'

/** One change that makes it fit, computed by planning again with it. */
export interface Advice {
  change: string
  /** The option of `ingot memory` and of the engine, where there is one. */
  option: string | null
  kvPoolBytes: number
  kvTokens: number
  maxModelLen: number
  explanation: string
}

/** Cache of one kind of layer on one GPU. */
export interface LayerCost {
  kind: string
  layers: number
  /** All layers of the kind together. */
  bytesPerToken: number
  /** Tokens after which the cost of a sequence stops to grow; null where it never does. */
  stopsAtTokens: number | null
  fixedBytesPerSequence: number
  /** What the whole context takes, where the engine reserves it at once; null for a shared pool. */
  allocatedBytes: number | null
}

export interface PagingComparison {
  reservedSequences: number
  pagedSequences: number
  meanTokens: number
  reservedTokens: number
  reservedWaste: number
  pagedWasteAtMost: number
}

/** Seconds and tokens per second that physics allows; nothing that was measured. */
export interface Roofline {
  decodeTokensPerSecondPerSequence: number
  decodeTokensPerSecondTotal: number
  batchSize: number
  timeToFirstTokenSeconds: number
  promptTokens: number
}

export interface PlannedMemory {
  outcome: 'planned'
  engine: string
  engineVersion: string
  gpu: string
  gpuCount: number
  gpuMemoryBytes: number
  /** What the engine lets itself use. */
  limitBytes: number
  gpuMemoryUtilization: number | null
  weightsBytes: number
  weightsTotalBytes: number
  weightsFrom: 'given' | 'headers' | 'configuration' | 'not needed'
  overheadBytes: Record<string, number>
  /** Parts in the memory of the host, where the engine divides itself; absent where nobody counts them. */
  hostBytes?: Record<string, number>
  /** Left by the budget, given, or allocated for a fixed context. */
  kvPoolBytes: number
  kvPoolFrom: 'budget' | 'given' | 'context'
  kvCacheDtype: string
  kvBytesPerToken: number
  /** What one more token costs once every window is full. */
  kvBytesPerTokenPastWindows: number
  kvBytesPerSequence: number
  kvLayers: LayerCost[]
  kvBlockTokens: number
  kvBlockBytes: number
  kvBlocks: number
  kvTokens: number
  kvTokensMeaning: TokenMeaning
  cpuBlocks: number | null
  maxModelLen: number
  /** Pool that one sequence of `maxModelLen` takes. */
  kvBytesForOneSequence: number
  blocksForOneSequence: number
  maxConcurrency: number
  maxModelLenThatFits: number
  fits: boolean
  /** False within 1 GiB of the edge, where the band holds both answers. */
  certain: boolean
  /** Free bytes of the pool after one sequence of `maxModelLen`; negative when it does not fit. */
  spareBytes: number
  bands: { kvPoolBytes: Band; kvTokens: Band; maxModelLenThatFits: Band }
  formulas: Record<string, string>
  verdict: string
  /** Settings whose bytes are not known and could turn the answer; absent where there are none. */
  uncounted?: string[]
  advice: Advice[]
  warnings: string[]
  paging: PagingComparison | null
  roofline: Roofline | null
  decodeTokensPerSecondUpperBound: number | null
}

/** The honest answer where something is missing; `partial` holds the numbers that rest on an assumption. */
export interface UnknownMemory {
  outcome: 'cannot-tell'
  engine: string
  engineVersion: string
  gpu: string
  fits: null
  missing: string[]
  assumptions: string[]
  verdict: string
  warnings: string[]
  partial: Omit<PlannedMemory, 'outcome' | 'fits' | 'verdict' | 'warnings'> | null
}

export type MemoryPlan = PlannedMemory | UnknownMemory
