import type { GgufValue } from './gguf-file.ts'

/** Architectures of the `gguf` package that hold a text model. */
export const architectures =
  'llama llama4 deci falcon baichuan grok gpt2 gptneox mpt starcoder refact bert nomic-bert nomic-bert-moe neo-bert jina-bert-v2 jina-bert-v3 eurobert modern-bert bloom stablelm qwen qwen2 qwen2moe qwen2vl qwen3 qwen3moe qwen3next qwen3vl qwen3vlmoe qwen35 qwen35moe phi2 phi3 phimoe plamo plamo2 plamo3 codeshell orion internlm2 minicpm minicpm3 gemma gemma2 gemma3 gemma3n gemma4 gemma-embedding starcoder2 rwkv6 rwkv6qwen2 rwkv7 arwkv7 mamba mamba2 jamba xverse command-r cohere2 dbrx olmo olmo2 olmoe openelm arctic deepseek deepseek2 deepseek32 deepseek4 chatglm glm4 glm4moe glm-dsa bitnet t5 t5encoder jais nemotron nemotron_h nemotron_h_moe exaone exaone4 exaone-moe granite granitemoe granitehybrid chameleon plm bailingmoe bailingmoe2 dots1 arcee afmoe ernie4_5 ernie4_5-moe falcon-h1 hunyuan-moe hunyuan-dense smollm3 gpt-oss lfm2 lfm2moe dream smallthinker llada llada-moe seed_oss grovemoe apertus minimax-m2 cogvlm rnd1 pangu-embedded mistral3 mistral4 paddleocr mimo2 step35 llama-embed maincoder kimi-linear'.split(
    ' ',
  )

export const layerCount = 4
export const width = 1024

const usual: Readonly<Record<string, GgufValue>> = {
  block_count: layerCount,
  context_length: 131072,
  embedding_length: width,
  feed_forward_length: 2048,
  'attention.head_count': 16,
  'attention.head_count_kv': 4,
  vocab_size: 32000,
  'attention.layer_norm_rms_epsilon': 1e-6,
  'attention.layer_norm_epsilon': 1e-5,
  'rope.dimension_count': 64,
}

const experts = { expert_count: 8, expert_used_count: 2, expert_feed_forward_length: 512 }
const window = { 'attention.sliding_window': 1024 }
const pattern = { ...window, 'attention.sliding_window_pattern': [true, true, true, false] }
const deltaNet = {
  'attention.key_length': 128,
  'attention.value_length': 128,
  'ssm.conv_kernel': 4,
  'ssm.state_size': 128,
  'ssm.group_count': 8,
  'ssm.time_step_rank': 16,
  'ssm.inner_size': 2048,
  full_attention_interval: 4,
  'rope.dimension_sections': [11, 11, 10, 0],
}
const mamba2 = {
  'ssm.conv_kernel': 4,
  'ssm.state_size': 128,
  'ssm.group_count': 2,
  'ssm.time_step_rank': 32,
  'ssm.inner_size': 2048,
}
const latent = {
  'attention.head_count_kv': 1,
  'attention.key_length': 320,
  'attention.value_length': 256,
  'attention.kv_lora_rank': 256,
  'attention.q_lora_rank': 384,
  'attention.key_length_mla': 192,
  'attention.value_length_mla': 128,
  expert_shared_count: 1,
  leading_dense_block_count: 1,
  expert_weights_scale: 1.5,
}
const hybridHeads = { 'attention.head_count_kv': [0, 4, 0, 4] }

const mixtures =
  'grok arctic deepseek glm4moe olmoe bailingmoe bailingmoe2 hunyuan-moe granitemoe grovemoe ernie4_5-moe qwen2moe qwen3moe qwen3vlmoe phimoe llada-moe nomic-bert-moe exaone-moe'

/** What one architecture has of its own, so that its loader takes it. */
const own: Readonly<Record<string, Readonly<Record<string, GgufValue>>>> = {
  ...Object.fromEntries(mixtures.split(' ').map((name) => [name, experts])),
  afmoe: { ...experts, ...window, 'attention.key_length': 64, 'attention.value_length': 64 },
  cohere2: window,
  dbrx: { expert_count: 8, expert_used_count: 2 },
  deepseek2: { ...experts, ...latent },
  deepseek32: {
    ...experts,
    ...latent,
    'attention.indexer.head_count': 8,
    'attention.indexer.key_length': 128,
    'attention.indexer.top_k': 256,
  },
  deepseek4: {
    ...experts,
    'attention.head_count_kv': 1,
    'attention.key_length': 512,
    'attention.value_length': 512,
    'attention.q_lora_rank': 256,
    'attention.sliding_window': 128,
    'attention.compress_ratios': [0, 4, 128, 4],
    'attention.compress_rope_freq_base': 160000.5,
    'attention.indexer.head_count': 8,
    'attention.indexer.key_length': 128,
    'attention.indexer.top_k': 256,
    'attention.output_group_count': 4,
    'attention.output_lora_rank': 128,
    'hyper_connection.count': 4,
    'hyper_connection.sinkhorn_iterations': 4,
    'hyper_connection.epsilon': 1e-6,
    hash_layer_count: 0,
    expert_shared_count: 1,
    expert_weights_scale: 1.5,
    expert_weights_norm: true,
    expert_gating_func: 4,
    swiglu_clamp_exp: 10.5,
  },
  'glm-dsa': {
    ...experts,
    ...latent,
    'attention.indexer.head_count': 8,
    'attention.indexer.key_length': 128,
    'attention.indexer.top_k': 256,
  },
  mistral4: { ...experts, ...latent },
  dots1: { ...experts, 'attention.head_count_kv': 16, leading_dense_block_count: 1 },
  exaone4: window,
  'falcon-h1': mamba2,
  gemma2: window,
  gemma3: window,
  gemma3n: {
    ...window,
    'attention.shared_kv_layers': 1,
    'attention.sliding_window_pattern': [true, true, true, false],
  },
  gemma4: {
    ...pattern,
    'attention.key_length': 128,
    'attention.value_length': 128,
    'attention.key_length_swa': 64,
    'attention.value_length_swa': 64,
    'attention.shared_kv_layers': 1,
    'rope.dimension_count': 128,
    'rope.dimension_count_swa': 64,
    embedding_length_per_layer_input: 128,
  },
  'gpt-oss': { ...experts, ...window },
  granitehybrid: { ...mamba2, ...hybridHeads },
  jamba: {
    ...experts,
    'ssm.conv_kernel': 4,
    'ssm.state_size': 16,
    'ssm.time_step_rank': 64,
    'ssm.inner_size': 2048,
    ...hybridHeads,
  },
  'kimi-linear': {
    ...experts,
    ...latent,
    'attention.head_count_kv': [0, 0, 0, 1],
    'kda.head_dim': 64,
    'ssm.conv_kernel': 4,
  },
  lfm2: { ...hybridHeads, 'shortconv.l_cache': 3 },
  lfm2moe: { ...experts, ...hybridHeads, 'shortconv.l_cache': 3, leading_dense_block_count: 1 },
  llama4: experts,
  mamba: {
    'attention.head_count': 0,
    'attention.head_count_kv': 0,
    'ssm.conv_kernel': 4,
    'ssm.state_size': 16,
    'ssm.time_step_rank': 64,
    'ssm.inner_size': 2048,
    feed_forward_length: 0,
  },
  mamba2: { ...mamba2, 'attention.head_count': 0, 'attention.head_count_kv': 0, feed_forward_length: 0 },
  mimo2: { ...experts, ...pattern, 'attention.key_length_swa': 64, 'attention.value_length_swa': 64 },
  'minimax-m2': { ...experts, expert_gating_func: 2 },
  nemotron_h: { ...mamba2, 'attention.head_count_kv': [0, 4, 0, 0], feed_forward_length: [0, 0, 2048, 0] },
  nemotron_h_moe: {
    ...mamba2,
    ...experts,
    'attention.head_count_kv': [0, 4, 0, 0],
    feed_forward_length: [0, 0, 512, 0],
    expert_shared_count: 1,
  },
  olmo2: window,
  plamo2: { ...mamba2, 'ssm.group_count': 0, ...hybridHeads },
  plamo3: window,
  qwen35: deltaNet,
  qwen35moe: { ...deltaNet, ...experts, expert_shared_feed_forward_length: 512 },
  qwen3next: { ...deltaNet, ...experts, expert_shared_feed_forward_length: 512 },
  smallthinker: { ...experts, ...window, expert_gating_func: 2 },
  step35: { ...experts, ...pattern, leading_dense_block_count: 1 },
}

/** Values for keys that a loader asks for by name. */
export const onDemand: Readonly<Record<string, GgufValue>> = {
  ...experts,
  ...window,
  ...latent,
  ...mamba2,
  expert_shared_feed_forward_length: 512,
  expert_weights_norm: true,
  expert_gating_func: 2,
  expert_group_count: 4,
  expert_group_used_count: 2,
  expert_group_scale: 0.5,
  logit_scale: 1.5,
  embedding_scale: 1.5,
  residual_scale: 1.5,
  'attention.scale': 0.125,
  'attention.clamp_kqv': 8.5,
  'attention.max_alibi_bias': 8.5,
  'attention.causal': false,
  pooling_type: 1,
  'attention.relative_buckets_count': 32,
  decoder_start_token_id: 0,
  'attention.layer_norm_epsilon': 1e-5,
  'wkv.head_size': 64,
  time_mix_extra_dim: 32,
  time_decay_extra_dim: 64,
  'attention.decay_lora_rank': 64,
  'attention.iclr_lora_rank': 64,
  'attention.value_residual_mix_lora_rank': 32,
  'attention.gate_lora_rank': 128,
  attn_logit_softcapping: 50.5,
  final_logit_softcapping: 30.5,
  'attention.key_length': 64,
  'attention.value_length': 64,
  'rope.freq_base': 10000.5,
  'rope.dimension_sections': [16, 16, 0, 0],
  'shortconv.l_cache': 3,
  'rope.scaling.attn_factor': 1.5,
  'rope.scaling.original_context_length': 4096,
  interleave_moe_layer_step: 1,
}

export function metadataOf(architecture: string): Map<string, GgufValue> {
  const entries = Object.entries({ ...usual, ...own[architecture] })
  return new Map<string, GgufValue>([
    ['general.architecture', architecture],
    ['tokenizer.ggml.model', 'no_vocab'],
    ...entries.map(([key, value]): [string, GgufValue] => [`${architecture}.${key}`, value]),
  ])
}

/** Tensors that a loader takes as optional and a graph needs. */
export function optionalTensors(architecture: string): string[] {
  if (architecture === 'granitemoe') return [0, 1, 2, 3].map((index) => `blk.${index}.ffn_gate_exps.weight`)
  if (!/^qwen3(next|5)/.test(architecture)) return []
  return [0, 1, 2].flatMap((index) => [`blk.${index}.attn_qkv.weight`, `blk.${index}.attn_gate.weight`])
}
