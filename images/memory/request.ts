import type { ModelFacts } from '../../recipes/model-facts.ts'
import type { Gpu } from './gpus.ts'

/** Parts of the budget that a log or a measurement has told; each replaces this planner's estimate. */
export interface KnownOverhead {
  nonTorchBytes?: number
  activationBytes?: number
  cudaGraphBytes?: number
}

/** What is to be planned. Bytes are of one GPU unless the name says otherwise; absent members take the engine's default. */
export interface MemoryRequest {
  facts: ModelFacts
  /** Semver without `v`; absent means the newest rules known here. */
  engineVersion?: string
  gpu: Gpu
  /** Tensor parallel ranks; one GPU each. */
  tp?: number
  /** Pipeline stages; the fullest decides. */
  pp?: number
  /** Layers of each pipeline stage, where they are not spread evenly (`VLLM_PP_LAYER_PARTITION`). */
  stageLayers?: readonly number[]
  /** Ranks of one tensor-parallel group that share the tokens of the cache (`--decode-context-parallel-size`). */
  dcp?: number
  /** Copies of the model, each on GPUs of its own; some engines spread experts over all of them. */
  dp?: number
  dtype?: string
  quantization?: string
  kvCacheDtype?: string
  mambaSsmDtype?: string
  maxModelLen?: number
  maxNumSeqs?: number
  maxNumBatchedTokens?: number
  /**
   * Share of the GPU the engine may take: vLLM's utilisation, SGLang's static fraction, TGI's memory fraction,
   * TensorRT-LLM's share of what is free.
   */
  gpuMemoryUtilization?: number
  /** Tokens in one cache block. */
  blockSize?: number
  /** Cache pool of one GPU; the budget is not used then. */
  availableKvBytes?: number
  /** Bytes of all weights, over all GPUs. */
  weightsBytes?: number
  /** Resident bytes of weights on the fullest GPU. */
  weightsBytesPerGpu?: number
  /** Bytes of weights of each GPU that lie in the memory of the host. */
  hostWeightsBytes?: number
  /** Layers whose experts lie in the memory of the host; more than there are means all. */
  hostExpertLayers?: number
  /** Layers that a GPU computes, the output counted as one, as llama.cpp's `--n-gpu-layers`; the rest lies on the host. */
  gpuLayers?: number
  overhead?: KnownOverhead
  /** Whether places for adapters are reserved, how many, and of which rank. */
  adapters?: boolean
  adapterSlots?: number
  adapterRank?: number
  /** Vectors or scores are asked for and no token is sampled; encoders can do nothing else. */
  pools?: boolean
  /** No images are taken, though the model could. */
  textOnly?: boolean
  enforceEager?: boolean
  prefixCaching?: boolean
  /** False charges windowed layers for every token, as vLLM's `--disable-hybrid-kv-cache-manager` does. */
  hybridKvCache?: boolean
  /** Tokens drafted ahead, by the checkpoint's own draft head or by `drafter`. */
  speculativeTokens?: number
  /** A model of its own that drafts (EAGLE, DFlash, a small one of the same family). */
  drafter?: ModelFacts
  /** States that SGLang keeps at most (`--max-mamba-cache-size`). */
  stateSlots?: number
  /** Bytes of states for each byte of tokens in SGLang's pool (`--mamba-full-memory-ratio`). */
  stateRatio?: number
  /** Tokens of windowed layers for each token of full ones in SGLang's pool (`--swa-full-tokens-ratio`). */
  windowRatio?: number
  /** Host memory for swapped blocks, vLLM before 0.9. */
  swapSpaceBytes?: number
  /** Sequences at once in llama.cpp and Ollama; each has its own window. */
  parallel?: number
  /** One cache for all llama.cpp sequences: the context is shared, not multiplied. */
  unifiedKv?: boolean
  /** Physical batch of llama.cpp, in tokens. */
  ubatch?: number
  flashAttention?: boolean
  /** Mean length of a sequence, for the comparison of paged and reserved caches. */
  meanTokens?: number
}
