import type { NameHistory } from '../name-history.ts'

// Read from wheels by `node test/tools/engine-names.ts`, which writes this file: versions, names that came, names that went.

export const flags: NameHistory = [
  [
    `0.20.0 0.20.1 0.20.2`,
    `
    additional-config aggregate-engine-logging all2all-backend allow-credentials allow-deprecated-quantization allowed-headers allowed-local-media-path allowed-media-domains
    allowed-methods allowed-origins api-key api-server-count api-server-manager async-scheduling attention-backend attention-config block-size calculate-kv-scales
    chat-template chat-template-content-format code-revision collect-detailed-traces compilation-config config config-format convert cp-kv-cache-interleave-size
    cpu-offload-gb cpu-offload-params cudagraph-capture-sizes cudagraph-metrics data-parallel-address data-parallel-backend data-parallel-external-lb data-parallel-hybrid-lb
    data-parallel-rank data-parallel-rpc-port data-parallel-size data-parallel-size-local data-parallel-start-rank dbo-decode-token-threshold dbo-prefill-token-threshold
    dcp-comm-backend dcp-kv-cache-interleave-size decode-context-parallel-size default-chat-template-kwargs default-mm-loras disable-access-log-for-endpoints
    disable-cascade-attn disable-chunked-mm-input disable-custom-all-reduce disable-fastapi-docs disable-hybrid-kv-cache-manager disable-log-stats
    disable-nccl-for-dp-synchronization disable-sliding-window disable-uvicorn-access-log distributed-executor-backend distributed-timeout-seconds download-dir dtype
    ec-transfer-config enable-auto-tool-choice enable-chunked-prefill enable-dbo enable-elastic-ep enable-ep-weight-filter enable-eplb enable-expert-parallel
    enable-flash-late-interaction enable-flashinfer-autotune enable-force-include-usage enable-layerwise-nvtx-tracing enable-log-deltas enable-log-outputs enable-log-requests
    enable-logging-iteration-details enable-lora enable-mamba-cache-stochastic-rounding enable-mfu-metrics enable-mm-embeds enable-mm-processor-stats enable-offline-docs
    enable-prefix-caching enable-prompt-embeds enable-prompt-tokens-details enable-request-id-headers enable-return-routed-experts enable-server-load-tracking
    enable-sleep-mode enable-ssl-refresh enable-tokenizer-info-endpoint enable-tower-connector-lora enforce-eager eplb-config exclude-tools-when-tool-choice-none
    expert-placement-strategy fail-on-environ-validation fully-sharded-loras gdn-prefill-backend generation-config gpu-memory-utilization grpc h11-max-header-count
    h11-max-incomplete-event-size headless help hf-config-path hf-overrides hf-token host ignore-patterns interleave-mm-strings io-processor-plugin ir-op-priority
    kernel-config kv-cache-dtype kv-cache-dtype-skip-layers kv-cache-memory-bytes kv-cache-metrics kv-cache-metrics-sample kv-events-config kv-offloading-backend
    kv-offloading-size kv-sharing-fast-prefill kv-transfer-config language-model-only limit-mm-per-prompt load-format log-config-file log-error-stack logits-processors
    logprobs-mode long-prefill-token-threshold lora-dtype lora-modules lora-target-modules mamba-backend mamba-block-size mamba-cache-dtype mamba-cache-mode
    mamba-cache-philox-rounds mamba-config mamba-ssm-cache-dtype master-addr master-port max-cpu-loras max-cudagraph-capture-size max-log-len max-logprobs
    max-long-partial-prefills max-lora-rank max-loras max-model-len max-num-batched-tokens max-num-partial-prefills max-num-seqs max-parallel-loading-workers media-io-kwargs
    middleware mm-encoder-attn-backend mm-encoder-only mm-encoder-tp-mode mm-processor-cache-gb mm-processor-cache-type mm-processor-kwargs mm-shm-cache-max-object-size-mb
    mm-tensor-ipc model model-impl model-loader-extra-config model-weights moe-backend nnodes node-rank num-api-servers num-gpu-blocks-override numa-bind numa-bind-cpus
    numa-bind-nodes offload-backend offload-group-size offload-num-in-group offload-params offload-prefetch-step omni optimization-level otlp-traces-endpoint
    override-attention-dtype override-generation-config performance-mode pipeline-parallel-size pooler-config port prefill-context-parallel-size prefix-caching-hash-algo
    profiler-config pt-load-map-location quantization quantization-config ray-workers-use-nsight reasoning-config reasoning-parser reasoning-parser-plugin
    renderer-num-workers response-role return-tokens-as-token-ids revision root-path runner safetensors-load-strategy scheduler-cls scheduler-reserve-full-isl
    scheduling-policy seed served-model-name show-hidden-metrics-for-version shutdown-timeout skip-mm-profiling skip-tokenizer-init specialize-active-lora speculative-config
    ssl-ca-certs ssl-cert-reqs ssl-certfile ssl-ciphers ssl-keyfile stream-interval structured-outputs-config tensor-parallel-size tokenizer tokenizer-mode tokenizer-revision
    tokens-only tool-call-parser tool-parser-plugin tool-server trust-remote-code trust-request-chat-template type-hints ubatch-size uds use-tqdm-on-load uvicorn-log-level
    version video-pruning-rate weight-transfer-config worker-cls worker-extension-cls`,
    ``,
  ],
  [
    `0.21.0`,
    `
    fingerprint-mode fingerprint-value mm-encoder-attn-dtype mm-encoder-fp8-scale-path mm-encoder-fp8-scale-save-margin mm-encoder-fp8-scale-save-path
    safetensors-prefetch-block-size safetensors-prefetch-num-threads`,
    ``,
  ],
  [
    `0.22.0 0.22.1 0.23.0`,
    `
    cpu-distributed-timeout-seconds data-parallel-multi-port-external-lb data-parallel-supervisor-port dp-supervisor-probe-failure-threshold dp-supervisor-probe-interval-s
    dp-supervisor-probe-timeout-s enable-cumem-allocator enable-mixed-moe-lora-format linear-backend spec-method spec-model spec-tokens use-fp64-gumbel`,
    ``,
  ],
  [
    `0.24.0`,
    `
    device-ids diffusion-config jit-monitor-verbose prefill-schedule-interval watermark`,
    ``,
  ],
  [
    `0.25.0 0.25.1`,
    `
    enable-per-request-metrics jit-monitor-mode mm-ipc-gpu-memory-gb model-class-overrides`,
    ``,
  ],
  [
    `0.26.0`,
    `
    enable-bf16x3-router-gemm enable-moe-shared-loras max-num-scheduled-tokens prefix-match-unit`,
    ``,
  ],
  [
    `0.27.0 0.27.1`,
    `
    cohere-format cohere-is-reasoning-model enable-fault-tolerance fault-tolerance-config kda-prefill-backend mamba-ssu-algorithm mm-hasher-algorithm replayssm-buffer-len
    use-replayssm video-pruning-method`,
    `
    max-long-partial-prefills max-num-partial-prefills`,
  ],
  [
    `0.28.0`,
    `
    ec-manager-config mm-device-do-normalize mm-processor-device return-sampling-mask`,
    `
    calculate-kv-scales override-attention-dtype`,
  ],
  [
    `0.29.0`,
    `
    dcp-q-replicate enable-batch-sharded-sampling enable-trace-replay max-num-queued-reqs max-num-queued-tokens per-request-spec-decode-metrics
    prefix-cache-retention-interval sse-keep-alive-interval`,
    ``,
  ],
  [
    `0.30.0`,
    `
    args dp-sync-interval elastic-ep-max-dp-size enable-mamba-fine-grained-prefix-cache enable-nccl-comm-suspend enable-scale-out engram-config kda-decode-backend
    sparse-indexer-topk-backend watermark-config`,
    `
    enable-bf16x3-router-gemm`,
  ],
  [
    `0.31.0`,
    `
    anthropic-disabled-thinking-effort aux-output-config device-memory-utilization enable-mamba-shared-prefix-checkpoint log-level logging-config
    long-prefill-token-threshold-adaptive max-lora-cls-labels max-num-active-seqs sleep-preserve-parameter-names swa-bounded-replay tool-strict-level trust-request-mm-kwargs`,
    `
    enable-mamba-fine-grained-prefix-cache`,
  ],
  [
    `0.32.0`,
    `
    custom-histogram-buckets enable-hc-sp enable-shm-tensor-arena grpc-port sleep-mode-offload-cudagraph`,
    ``,
  ],
  [
    `0.33.0`,
    `
    disable- enable- monokernel reasoning-effort-map sleep-mode-backend watchdog-config`,
    ``,
  ],
]
