import type { EngineDefinition } from '../images/engines/engine.ts'
import { findGpu } from '../images/memory/gpus.ts'
import { planMemory } from '../images/memory/plan.ts'
import { factsFromConfig } from '../recipes/model-facts/config.ts'

/** Mistral-7B v0.3: 7.25 billion parameters, 8 key and value heads. */
const config = {
  architectures: ['MistralForCausalLM'],
  hidden_size: 4096,
  intermediate_size: 14336,
  max_position_embeddings: 32768,
  model_type: 'mistral',
  num_attention_heads: 32,
  num_hidden_layers: 32,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-5,
  rope_theta: 1e6,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
  vocab_size: 32768,
}

const GiB = 2 ** 30

/** One sequence of 8192 tokens; 4 bits with a scale for each 128 weights, as AWQ has them. */
const asked = { maxModelLen: 8192, maxNumSeqs: 1 }

/** What CUDA must show for the model to fit by the plan, in half GiB; null for an engine without GPUs. */
export function leastMemory(engine: EngineDefinition, bits: 16 | 4): number | null {
  if (engine.runtimes.every(({ device }) => device === 'cpu')) return null
  const fits = (gib: number) =>
    planMemory(engine, {
      ...asked,
      facts: factsFromConfig(config),
      gpu: { ...findGpu('l4'), memoryBytes: gib * GiB },
      ...(bits === 4 ? { quantization: 'awq' } : {}),
    }).fits === true
  for (let gib = 1; gib <= 64; gib += 0.5) if (fits(gib)) return gib
  throw new Error(`a 7B does not fit into 64 GiB with ${engine.title}`)
}
