import type { NameHistory } from '../name-history.ts'

/** Long flags of the launcher, from its source at db931fc (`launcher/src/main.rs`), the last commit before 3.3.7 was archived. */
export const flags: NameHistory = [
  [
    `3.3.7`,
    `
    api-key cors-allow-origin cuda-graphs cuda-memory-fraction disable-custom-kernels disable-grammar-support dtype enable-prefill-logprobs env graceful-termination-timeout
    help hostname huggingface-hub-cache json-output kv-cache-dtype lora-adapters master-addr master-port max-batch-prefill-tokens max-batch-size max-batch-total-tokens
    max-best-of max-client-batch-size max-concurrent-requests max-input-length max-input-tokens max-stop-sequences max-top-n-tokens max-total-tokens max-waiting-tokens
    model-id ngrok ngrok-authtoken ngrok-edge num-shard otlp-endpoint otlp-service-name payload-limit port prometheus-port quantize revision rope-factor rope-scaling
    shard-uds-path sharded speculate tokenizer-config-path trust-remote-code usage-stats validation-workers version waiting-served-ratio watermark-delta watermark-gamma
    weights-cache-override`,
    ``,
  ],
]

/** Types of models with code of their own, from the same source (`server/text_generation_server/models/__init__.py`). */
export const modelTypes: NameHistory = [
  [
    `3.3.7`,
    `
    baichuan bloom cohere dbrx deepseek_v2 deepseek_v3 falcon galactica gemma gemma2 gemma3 gemma3_text gpt2 gpt_bigcode gpt_neox gptj granite idefics idefics2 idefics3 llama
    llama4 llava_next mamba mistral mixtral mllama mpt opt paligemma phi phi3 phimoe qwen2 qwen2_5_vl qwen2_vl santacoder starcoder2 t5`,
    ``,
  ],
]
