import type { Config } from './config-value.ts'
import { textOf } from './keys.ts'

/**
 * Models whose class in transformers 5.24 ties the output to the input embedding when the configuration does not say;
 * `test/tools/sweep` compares the list with the classes themselves.
 */
const tiedTypes =
  /^(gemma|vaultgemma|t5gemma|recurrent_gemma|diffusion_gemma|cohere(?!_asr)|falcon$|falcon_mamba|mamba$|bart|mbart|marian|pegasus|blenderbot|bigbird_pegasus|plbart|mvp|prophetnet|bert|camembert|data2vec-text|electra|ernie$|ernie4_5|fun_asr_nano|got_ocr2|pp_chart2table|qwen3_asr|megatron-bert|roberta|roc_bert|roformer|xlm|xmod|xglm|biogpt|big_bird|blip_text_model|bloom|canary_decoder|cpmant|ctrl|gpt2|gpt_bigcode|gpt_neo$|gpt_neox_japanese|granite_docling|granite_swa|hunyuan_vl|jetmoe|kosmos_2|lara_mini|lfm2|lfm3|minicpm3|modernbert|moonshine$|mpt|openai-gpt|opt|paddleocr_vl|pop2piano|qwen2_5_omni_text|qwen3_vl_moe_text|seamless_m4t|smollm3|speech_to_text|speecht5|starcoder2|t5|trocr|udop|voxtral_realtime_text|whisper|xlnet|youtu|zamba|zaya)/

/** A section of its own or the whole may say it, LFM2 under a name of its own; headers decide when they are read. */
export function isTied(config: Config, text: Config): boolean {
  for (const source of [text, config])
    for (const name of ['tie_word_embeddings', 'tie_embedding', 'tie_embeddings']) {
      const named = source[name]
      if (typeof named === 'boolean') return named
    }
  return [text, config].some((source) => tiedTypes.test(textOf(source, 'model_type') ?? ''))
}
