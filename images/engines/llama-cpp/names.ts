import type { NameHistory } from '../name-history.ts'

// Read from Debian's packages by `node test/tools/llama-flags.ts VERSION PAGE.gz LIBRARY`, which writes this file.

/** Flags with their dashes; some are of other programs: what the list lacks is surely no flag. */
export const flags: NameHistory = [
  [
    `0.7.0`,
    `
    --adaptive-decay --adaptive-target --agent --alias --api-key --api-key-file --api-prefix --attention --audio --backend-sampling --batch-size --binary-file
    --cache-idle-slots --cache-list --cache-prompt --cache-ram --cache-reuse --cache-type-k --cache-type-k-draft --cache-type-v --cache-type-v-draft --chat-template
    --chat-template-file --chat-template-kwargs --check --check-tensors --checkpoint-min-step --chunk --chunk-separator --chunk-size --chunks --cls-separator --color
    --completion-bash --cont-batching --context-file --context-shift --control-vector --control-vector-layer-range --control-vector-scaled --conversation
    --cors-credentials --cors-headers --cors-methods --cors-origins --cpu-mask --cpu-mask-batch --cpu-mask-batch-draft --cpu-mask-draft --cpu-moe --cpu-moe-draft
    --cpu-range --cpu-range-batch --cpu-range-batch-draft --cpu-range-draft --cpu-strict --cpu-strict-batch --cpu-strict-batch-draft --cpu-strict-draft
    --ctx-checkpoints --ctx-size --defrag-thold --device --device-draft --dflash --diffusion-add-gumbel-noise --diffusion-alg-temp --diffusion-algorithm
    --diffusion-block-length --diffusion-cfg-scale --diffusion-eps --diffusion-steps --diffusion-visual --display-prompt --docker-repo --draft --draft-max
    --draft-min --draft-n --draft-n-min --draft-p-min --draft-p-split --dry-allowed-length --dry-base --dry-multiplier --dry-penalty-last-n --dry-sequence-breaker
    --dynatemp-exp --dynatemp-range --eagle3 --embd-gemma-default --embd-normalize --embd-output-format --embd-separator --embedding --embeddings --epochs --escape
    --file --fim-qwen-1.5b-default --fim-qwen-14b-spec --fim-qwen-30b-default --fim-qwen-3b-default --fim-qwen-7b-default --fim-qwen-7b-spec --fit --fit-ctx
    --fit-print --fit-target --flash-attn --frequency-penalty --from-chunk --gpt-oss-120b-default --gpt-oss-20b-default --gpu-layers --gpu-layers-draft --grammar
    --grammar-file --grp-attn-n --grp-attn-w --hellaswag --hellaswag-tasks --help --hf-file --hf-repo --hf-repo-draft --hf-token --host --ids --ignore-eos --image
    --image-max-tokens --image-min-tokens --in-file --in-prefix --in-prefix-bos --in-suffix --interactive --interactive-first --jinja --json-schema
    --json-schema-file --junk --keep --kl-divergence --kl-divergence-base --kv-offload --kv-unified --kv-unified-per-slot --lazy-mode --learning-rate
    --learning-rate-decay-epochs --learning-rate-min --list-devices --load-mode --log-colors --log-disable --log-file --log-jsonl --log-prefix --log-prompts-dir
    --log-timestamps --log-verbose --log-verbosity --logit-bias --logits-output-dir --lookup-cache-dynamic --lookup-cache-static --lora --lora-init-without-apply
    --lora-scaled --main-gpu --mcp-servers-config --mcp-servers-json --media-path --method --metrics --min-p --mirostat --mirostat-ent --mirostat-lr --mmproj
    --mmproj-auto --mmproj-device --mmproj-offload --mmproj-url --model --model-draft --model-url --models-autoload --models-dir --models-max --models-preset
    --moe-cache-mib --mtmd-batch-max-tokens --mtp --multiline-input --multiple-choice --multiple-choice-tasks --n-cpu-ffn --n-cpu-moe --n-cpu-moe-draft
    --n-gpu-layers --n-gpu-layers-draft --n-predict --n-ubatch --negative-file --nextn --no-agent --no-bos --no-cache-idle-slots --no-cache-prompt --no-cont-batching
    --no-context-shift --no-conversation --no-cors-credentials --no-display-prompt --no-escape --no-host --no-jinja --no-kv-offload --no-kv-unified --no-log-jsonl
    --no-log-prefix --no-log-timestamps --no-mmproj --no-mmproj-auto --no-mmproj-offload --no-models-autoload --no-op-offload --no-parse-special --no-perf --no-ppl
    --no-prefill-assistant --no-reasoning-preserve --no-repack --no-show-timings --no-skip-chat-parsing --no-slots --no-spec-draft-backend-sampling --no-ui
    --no-ui-mcp-proxy --no-warmup --no-webui --no-webui-mcp-proxy --numa --offline --op-offload --optimizer --output --output-file --output-format --output-frequency
    --override-kv --override-tensor --override-tensor-draft --parallel --parse-special --path --pca-batch --pca-iter --perf --poll --poll-batch --poll-batch-draft
    --poll-draft --pooling --port --pos --positive-file --ppl --ppl-output-type --ppl-stride --predict --prefill-assistant --presence-penalty --print-token-count
    --prio --prio-batch --prio-batch-draft --prio-draft --process-output --prompt --prompt-cache --prompt-cache-all --prompt-cache-ro --props --reasoning
    --reasoning-budget --reasoning-budget-message --reasoning-effort --reasoning-format --reasoning-preserve --repack --repeat-last-n --repeat-penalty --rerank
    --reranking --reuse-port --reverse-prompt --rope-freq-base --rope-freq-scale --rope-scale --rope-scaling --rpc --sampler-seq --samplers --sampling-seq
    --save-all-logits --save-frequency --save-logits --seed --sequences --server-base --show-count --show-statistics --show-timings --simple-io --single-turn
    --skip-chat-parsing --sleep-idle-seconds --slot-prompt-similarity --slot-save-path --slots --spec-default --spec-draft-backend-sampling --spec-draft-cpu-mask
    --spec-draft-cpu-mask-batch --spec-draft-cpu-moe --spec-draft-cpu-range --spec-draft-cpu-range-batch --spec-draft-cpu-strict --spec-draft-cpu-strict-batch
    --spec-draft-device --spec-draft-hf --spec-draft-model --spec-draft-n-cpu-moe --spec-draft-n-max --spec-draft-n-min --spec-draft-n-ubatch --spec-draft-ncmoe
    --spec-draft-ngl --spec-draft-override-tensor --spec-draft-p-min --spec-draft-p-split --spec-draft-poll --spec-draft-poll-batch --spec-draft-prio
    --spec-draft-prio-batch --spec-draft-sampling --spec-draft-threads --spec-draft-threads-batch --spec-draft-type-k --spec-draft-type-v --spec-ngram
    --spec-ngram-map-k-min-hits --spec-ngram-map-k-size-m --spec-ngram-map-k-size-n --spec-ngram-map-k4v-min-hits --spec-ngram-map-k4v-size-m
    --spec-ngram-map-k4v-size-n --spec-ngram-min-hits --spec-ngram-mod-n-match --spec-ngram-mod-n-max --spec-ngram-mod-n-min --spec-ngram-simple-min-hits
    --spec-ngram-simple-size-m --spec-ngram-simple-size-n --spec-ngram-size-m --spec-ngram-size-n --spec-synth-len --spec-synth-rates --spec-type --special
    --split-mode --spm-infill --sse-ping-interval --ssl-cert-file --ssl-key-file --stdin --swa-checkpoints --swa-full --system-prompt --system-prompt-file --tags
    --temp --temperature --tensor-filter --tensor-split --threads --threads-batch --threads-batch-draft --threads-draft --threads-http --timeout --tools
    --tools-runtime --top-k --top-n-sigma --top-nsigma --top-p --tts-lang --tts-speaker-file --typical --typical-p --ubatch-size --ui --ui-config --ui-config-file
    --ui-mcp-proxy --usage --val-split --verbose --verbose-prompt --verbosity --version --video --video-ffmpeg-dir --video-fps --video-timestamp-interval
    --vision-gemma-12b-default --vision-gemma-4b-default --warmup --webui --webui-config --webui-config-file --webui-mcp-proxy --weight-decay --winogrande
    --winogrande-tasks --xtc-probability --xtc-threshold --yarn-attn-factor --yarn-beta-fast --yarn-beta-slow --yarn-ext-factor --yarn-orig-ctx -C -Cb -Cbd -Cd -Cr
    -Crb -Crd -a -ag -b -bs -c -cb -cl -cmoe -cmoed -cms -cram -ctk -ctkd -ctv -ctvd -ctxcp -dev -devd -dr -dt -e -fa -fit -fitc -fitt -h -hf -hfd -hff -hfr -hfrd
    -hft -j -jf -kvo -kvu -l -lcd -lcs -lm -lv -lzm -m -md -mg -min-hits -mm -mmdev -mmu -mu -n -ncffn -ncmoe -ncmoed -ngl -ngld -nkvo -no-ag -no-kvu -nocb -np -nr
    -ot -otd -r -rea -s -size-m -size-n -sm -sp -sps -t -tb -tbd -td -to -ts -ub -v`,
    ``,
  ],
]

/** Variables that stand for flags. */
export const variables: NameHistory = [
  [
    `0.7.0`,
    `
    LLAMA_ARG_AGENT LLAMA_ARG_ALIAS LLAMA_ARG_API_KEY_FILE LLAMA_ARG_API_PREFIX LLAMA_ARG_BACKEND_SAMPLING LLAMA_ARG_BATCH LLAMA_ARG_CACHE_IDLE_SLOTS
    LLAMA_ARG_CACHE_PROMPT LLAMA_ARG_CACHE_RAM LLAMA_ARG_CACHE_REUSE LLAMA_ARG_CACHE_TYPE_K LLAMA_ARG_CACHE_TYPE_V LLAMA_ARG_CHAT_TEMPLATE
    LLAMA_ARG_CHAT_TEMPLATE_FILE LLAMA_ARG_CHAT_TEMPLATE_KWARGS LLAMA_ARG_CHECKPOINT_MIN_SPACING_NT LLAMA_ARG_CONTEXT_SHIFT LLAMA_ARG_CONT_BATCHING
    LLAMA_ARG_CORS_CREDENTIALS LLAMA_ARG_CORS_HEADERS LLAMA_ARG_CORS_METHODS LLAMA_ARG_CORS_ORIGINS LLAMA_ARG_CPU_MOE LLAMA_ARG_CTX_CHECKPOINTS LLAMA_ARG_CTX_SIZE
    LLAMA_ARG_DEFRAG_THOLD LLAMA_ARG_DEVICE LLAMA_ARG_DOCKER_REPO LLAMA_ARG_DRAFT_MAX LLAMA_ARG_DRAFT_MIN LLAMA_ARG_EMBEDDINGS LLAMA_ARG_ENDPOINT_METRICS
    LLAMA_ARG_ENDPOINT_PROPS LLAMA_ARG_ENDPOINT_SLOTS LLAMA_ARG_FIT LLAMA_ARG_FIT_CTX LLAMA_ARG_FIT_ESTIMATE LLAMA_ARG_FIT_TARGET LLAMA_ARG_FLASH_ATTN
    LLAMA_ARG_FREQUENCY_PENALTY LLAMA_ARG_GRP_ATTN_N LLAMA_ARG_GRP_ATTN_W LLAMA_ARG_HF_FILE LLAMA_ARG_HF_REP LLAMA_ARG_HF_REPO LLAMA_ARG_HOST
    LLAMA_ARG_IMAGE_MAX_TOKENS LLAMA_ARG_IMAGE_MIN_TOKENS LLAMA_ARG_JINJA LLAMA_ARG_KV_OFFLOAD LLAMA_ARG_KV_UNIFIED LLAMA_ARG_KV_UNIFIED_PER_SLOT LLAMA_ARG_LAZY_MODE
    LLAMA_ARG_LOAD_MODE LLAMA_ARG_LOG_COLORS LLAMA_ARG_LOG_FILE LLAMA_ARG_LOG_JSONL LLAMA_ARG_LOG_PREFIX LLAMA_ARG_LOG_TIMESTAMPS LLAMA_ARG_LOG_VERBOSITY
    LLAMA_ARG_MAIN_GPU LLAMA_ARG_MCP_SERVERS_CONFIG LLAMA_ARG_MCP_SERVERS_JSON LLAMA_ARG_MIN_P LLAMA_ARG_MMPROJ LLAMA_ARG_MMPROJ_AUTO LLAMA_ARG_MMPROJ_OFFLOAD
    LLAMA_ARG_MMPROJ_URL LLAMA_ARG_MODEL LLAMA_ARG_MODELS_AUTOLOAD LLAMA_ARG_MODELS_DIR LLAMA_ARG_MODELS_MAX LLAMA_ARG_MODELS_PRESET LLAMA_ARG_MODEL_URL
    LLAMA_ARG_MOE_CACHE_MIB LLAMA_ARG_MTMD_BATCH_MAX_TOKENS LLAMA_ARG_NO LLAMA_ARG_NO_HOST LLAMA_ARG_NUMA LLAMA_ARG_N_CPU_FFN LLAMA_ARG_N_CPU_MOE
    LLAMA_ARG_N_GPU_LAYERS LLAMA_ARG_N_GPU_LAYERS_DRAFT LLAMA_ARG_N_PARALLEL LLAMA_ARG_N_PREDICT LLAMA_ARG_OFFLINE LLAMA_ARG_OVERRIDE_TENSOR LLAMA_ARG_PERF
    LLAMA_ARG_POOLING LLAMA_ARG_PORT LLAMA_ARG_PREFILL_ASSISTANT LLAMA_ARG_PRESENCE_PENALTY LLAMA_ARG_REASONING LLAMA_ARG_REASONING_EFFORT
    LLAMA_ARG_REASONING_PRESERVE LLAMA_ARG_REPACK LLAMA_ARG_REPEAT_PENALTY LLAMA_ARG_RERANKING LLAMA_ARG_REUSE_PORT LLAMA_ARG_ROPE_FREQ_BASE
    LLAMA_ARG_ROPE_FREQ_SCALE LLAMA_ARG_ROPE_SCALE LLAMA_ARG_ROPE_SCALING_TYPE LLAMA_ARG_RPC LLAMA_ARG_SHOW_TIMINGS LLAMA_ARG_SKIP_CHAT_PARSING
    LLAMA_ARG_SLOT_SAVE_PATH LLAMA_ARG_SPEC_DRAFT_BACKEND_SAMPLING LLAMA_ARG_SPEC_DRAFT_CACHE_TYPE_K LLAMA_ARG_SPEC_DRAFT_CACHE_TYPE_V LLAMA_ARG_SPEC_DRAFT_CPU_MOE
    LLAMA_ARG_SPEC_DRAFT_HF_REPO LLAMA_ARG_SPEC_DRAFT_MODEL LLAMA_ARG_SPEC_DRAFT_N_CPU_MOE LLAMA_ARG_SPEC_DRAFT_N_MAX LLAMA_ARG_SPEC_DRAFT_N_MIN
    LLAMA_ARG_SPEC_DRAFT_N_UBATCH LLAMA_ARG_SPEC_DRAFT_P_MIN LLAMA_ARG_SPEC_DRAFT_P_SPLIT LLAMA_ARG_SPEC_DRAFT_SAMPLING LLAMA_ARG_SPEC_SYNTH_LEN
    LLAMA_ARG_SPEC_SYNTH_RATES LLAMA_ARG_SPEC_TYPE LLAMA_ARG_SPLIT_MODE LLAMA_ARG_SSE_PING_INTERVAL LLAMA_ARG_SSL_CERT_FILE LLAMA_ARG_SSL_KEY_FILE
    LLAMA_ARG_STATIC_PATH LLAMA_ARG_SWA_FULL LLAMA_ARG_TAGS LLAMA_ARG_TEMPERATURE LLAMA_ARG_TENSOR_SPLIT LLAMA_ARG_THINK LLAMA_ARG_THINK_BUDGET
    LLAMA_ARG_THINK_BUDGET_MESSAGE LLAMA_ARG_THREADS LLAMA_ARG_THREADS_HTTP LLAMA_ARG_TIMEOUT LLAMA_ARG_TOOLS LLAMA_ARG_TOOLS_RUNTIME LLAMA_ARG_TOP_K LLAMA_ARG_TOP_P
    LLAMA_ARG_UBATCH LLAMA_ARG_UI LLAMA_ARG_UI_CONFIG LLAMA_ARG_UI_CONFIG_FILE LLAMA_ARG_UI_MCP_PROXY LLAMA_ARG_VIDEO_FFMPEG_DIR LLAMA_ARG_VIDEO_FPS
    LLAMA_ARG_VIDEO_TIMESTAMP_INTERVAL LLAMA_ARG_YARN_ATTN_FACTOR LLAMA_ARG_YARN_BETA_FAST LLAMA_ARG_YARN_BETA_SLOW LLAMA_ARG_YARN_EXT_FACTOR LLAMA_ARG_YARN_ORIG_CTX`,
    ``,
  ],
]
