import { parsePythonJson } from '../../lib/python-json.ts'
import { isConfig } from './config-value.ts'
import { countOf, sectionOf } from './keys.ts'

/** One of the files in which Mistral's own form holds the tensors. */
export function isConsolidatedShard(path: string): boolean {
  return /^consolidated[^/]*\.safetensors$/.test(path)
}

/** Whether files are a model in Mistral's own form alone: `params.json` and `consolidated*`, without transformers' config. */
export function isMistral(paths: readonly string[]): boolean {
  return paths.includes('params.json') && !paths.includes('config.json') && paths.some(isConsolidatedShard)
}

/** The text of a config.json that says what `params.json` says; undefined stays, and what is no JSON passes as it is. */
export function configOfParams(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const params = parsePythonJson(text)
  if (!isConfig(params)) return text
  const experts = sectionOf(params, 'moe')
  const expertCount = experts && countOf(experts, 'num_experts')
  return JSON.stringify({
    architectures: [expertCount ? 'MixtralForCausalLM' : 'MistralForCausalLM'],
    model_type: expertCount ? 'mixtral' : 'mistral',
    hidden_size: countOf(params, 'dim'),
    num_hidden_layers: countOf(params, 'n_layers'),
    num_attention_heads: countOf(params, 'n_heads'),
    num_key_value_heads: countOf(params, 'n_kv_heads'),
    head_dim: countOf(params, 'head_dim'),
    intermediate_size: (experts && countOf(experts, 'expert_hidden_dim')) ?? countOf(params, 'hidden_dim'),
    vocab_size: countOf(params, 'vocab_size'),
    max_position_embeddings: countOf(params, 'max_seq_len', 'max_position_embeddings'),
    sliding_window: countOf(params, 'sliding_window') ?? null,
    tie_word_embeddings: params['tied_embeddings'] === true,
    num_local_experts: expertCount,
    num_experts_per_tok: experts && countOf(experts, 'num_experts_per_tok'),
    torch_dtype: 'bfloat16',
    ...mlaOf(params),
  })
}

/** Mistral Large 3 has DeepSeek's attention: its latent ranks stand in `params.json` under the same names. */
function mlaOf(params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rank = countOf(params, 'kv_lora_rank')
  if (rank === undefined) return {}
  const names = ['q_lora_rank', 'kv_lora_rank', 'qk_rope_head_dim', 'qk_nope_head_dim', 'v_head_dim']
  return {
    architectures: ['DeepseekV3ForCausalLM'],
    model_type: 'deepseek_v3',
    ...Object.fromEntries(names.map((name) => [name, countOf(params, name)])),
  }
}
