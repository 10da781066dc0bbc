import type { NameHistory } from '../name-history.ts'

// Read from wheels by `node test/tools/engine-names.ts`, which writes this file: versions, names that came, names that went.

export const flags: NameHistory = [
  [
    `0.5.15`,
    `
    abort-on-priority-when-disabled action action-kwargs admin-api-key aliases allow-auto-truncate api-key architecture asr-max-buffer-seconds asr-max-concurrent-sessions
    attention-backend attention-context-parallel-size attn-cp-size base base-gpu-id batch-notify-size bf16-gemm-backend bucket-e2e-request-latency bucket-inter-token-latency
    bucket-time-to-first-token chat-template checkpoint-engine-wait-weights-before-ready choices chunked-prefill-size cli-name collect-tokens-histogram completion-template
    config const constrained-json-disable-any-whitespace constrained-json-whitespace-pattern context-length cp-strategy cpu-offload-gb crash-dump-folder
    cuda-graph-backend-decode cuda-graph-backend-prefill cuda-graph-bs cuda-graph-bs-decode cuda-graph-bs-prefill cuda-graph-config cuda-graph-max-bs cuda-graph-max-bs-decode
    cuda-graph-max-bs-prefill cuda-graph-tc-compiler custom-sigquit-handler custom-weight-loader data-parallel-size dcp-size debug-cuda-graph debug-tensor-dump-input-file
    debug-tensor-dump-layers debug-tensor-dump-output-folder declarations declared decode-attention-backend decode-context-parallel-size decode-log-interval
    decoupled-spec-bind-endpoint decoupled-spec-connect-endpoints decoupled-spec-ipc-config decoupled-spec-rank decoupled-spec-role decrypted-config-file
    decrypted-draft-config-file deepep-config deepep-dispatcher-output-dtype deepep-mode default-priority-value delete-ckpt-after-loading detokenizer-ipc-name
    detokenizer-worker-num device disable-attn-tp-gather disable-chunked-prefix-cache disable-cuda-graph disable-cuda-graph-padding disable-custom-all-reduce
    disable-decode-cuda-graph disable-fast-image-processor disable-flashinfer-autotune disable-flashinfer-cutlass-moe-fp4-allgather disable-hybrid-swa-memory
    disable-outlines-disk-cache disable-overlap-schedule disable-piecewise-cuda-graph disable-prefill-cuda-graph disable-priority-preemption disable-radix-cache
    disable-shared-experts-fusion disable-tokenizer-batch-decode disaggregation-bootstrap-port disaggregation-decode-enable-offload-kvcache
    disaggregation-decode-enable-radix-cache disaggregation-decode-extra-slots disaggregation-decode-polling-interval disaggregation-ib-device disaggregation-mode
    disaggregation-transfer-backend dist-init-addr dist-timeout dllm-algorithm dllm-algorithm-config download-dir dp-size dsa-decode-backend dsa-paged-mqa-logits-backend
    dsa-prefill-backend dsa-prefill-cp-mode dsa-topk-backend dtype dynamic-batch-tokenizer-batch-size dynamic-batch-tokenizer-batch-timeout elastic-ep-backend
    elastic-ep-rejoin enable-adaptive-dispatch-to-encoder enable-aiter-allreduce-fusion enable-attn-tp-input-scattered enable-breakable-cuda-graph
    enable-broadcast-mm-inputs-process enable-cache-report enable-cudagraph-gc enable-custom-logit-processor enable-deepep-waterfill enable-deepseek-v4-fp4-indexer
    enable-deterministic-inference enable-dp-attention enable-dp-attention-local-control-broadcast enable-dp-lm-head enable-draft-weights-cpu-backup
    enable-dsa-prefill-context-parallel enable-dynamic-batch-tokenizer enable-dynamic-chunking enable-elastic-expert-backup enable-eplb enable-expert-distribution-metrics
    enable-flashinfer-allreduce-fusion enable-forward-pass-metrics enable-fp32-lm-head enable-fused-moe-sum-all-reduce enable-fused-qk-norm-rope enable-hierarchical-cache
    enable-hisparse enable-hisparse. enable-http2 enable-int8-mamba-checkpoint enable-layerwise-nvtx-marker enable-linear-replayssm enable-lmcache enable-lora
    enable-lora-overlap-loading enable-mamba-cache-stochastic-rounding enable-mamba-cache-stochastic-rounding. enable-memory-saver enable-metrics
    enable-metrics-for-all-schedulers enable-mfu-metrics enable-mis enable-mixed-chunk enable-mm-global-cache enable-mscclpp enable-multi-layer-eagle enable-multimodal
    enable-nccl-nvls enable-nsa-prefill-context-parallel enable-p2p-check enable-page-major-kv-layout enable-pdmux enable-precise-embedding-interpolation
    enable-prefill-context-parallel enable-prefill-cp enable-prefill-delayer enable-prefix-mm-cache enable-priority-scheduling enable-profile-cuda-graph
    enable-quant-communications enable-request-time-stats-logging enable-return-hidden-states enable-return-indexer-topk enable-return-routed-experts
    enable-session-radix-cache enable-single-batch-overlap enable-ssl-refresh enable-streaming-session enable-strict-thinking enable-symm-mem enable-tf32-matmul
    enable-tokenizer-batch-encode enable-torch-compile enable-torch-compile-debug-mode enable-torch-symm-mem enable-trace enable-two-batch-overlap enable-unified-memory
    enable-weights-cpu-backup encoder-bootstrap-port encoder-only encoder-register-urls encoder-transfer-backend encoder-urls enforce-disable-flashinfer-allreduce-fusion
    enforce-piecewise-cuda-graph enforce-shared-experts-fusion engine-info-bootstrap-port ep ep-dispatch-algorithm ep-num-redundant-experts ep-size eplb-algorithm
    eplb-min-rebalancing-utilization-threshold eplb-rebalance-layers-per-chunk eplb-rebalance-num-iterations expert-distribution-recorder-buffer-size
    expert-distribution-recorder-mode expert-parallel-size experts-shared-outer-loras export-metrics-to-file export-metrics-to-file-dir extra-metric-labels fastapi-root-path
    field fields file-storage-path flags flashinfer-allreduce-fusion-backend flashinfer-mla-disable-ragged flashinfer-mxfp4-moe-precision fn forward-hooks
    forward-pass-metrics-ipc-name forward-pass-metrics-worker-id fp4-gemm-backend fp4-gemm-runner-backend fp8-gemm-backend fp8-gemm-runner-backend gc-threshold
    gc-warning-threshold-secs generation-tokens-buckets gpu-id-step grammar-backend grpc-http-sidecar-port grpc-mode handler help hf-chat-template-name hicache-io-backend
    hicache-mem-layout hicache-ratio hicache-size hicache-storage-backend hicache-storage-backend-extra-config hicache-storage-prefetch-policy hicache-write-policy
    hierarchical-sparse-attention-extra-config hisparse-config host incremental-streaming-output init-expert-location instance-id int8-mamba-ckpt-size is-embedding
    json-model-override-args keep-mm-feature-on-device kt-cpuinfer kt-max-deferred-experts-per-token kt-method kt-num-gpu-experts kt-threadpool-count kt-weight-path
    kv-cache-dtype kv-canary kv-canary-real-data kv-canary-sweep-interval kv-events-config kwargs language-only leaf-map limit-mm-data-per-request linear-attn-backend
    linear-attn-decode-backend linear-attn-prefill-backend linear-replayssm-cache-len lmcache-config-file load-balance-method load-collector-ipc-name load-format
    load-snapshot-publish-interval log-level log-level-http log-requests log-requests-format log-requests-level log-requests-target lora-backend lora-drain-wait-threshold
    lora-eviction-policy lora-paths lora-strict-loading lora-target-modules lora-use-virtual-experts mamba-backend mamba-cache-philox-rounds mamba-full-memory-ratio
    mamba-radix-cache-strategy mamba-scheduler-strategy mamba-ssm-dtype mamba-track-interval max-loaded-loras max-lora-chunk-size max-lora-rank max-loras-per-batch
    max-mamba-cache-size max-prefill-tokens max-queued-requests max-running-requests max-total-tokens mem-fraction-static metrics-ipc-name min-free-slots-delay
    mm-attention-backend mm-enable-dp-encoder mm-process-config model model-checksum model-config-parser model-impl model-loader-extra-config model-path modelexpress-config
    modelopt-checkpoint-restore-path modelopt-checkpoint-save-path modelopt-export-path modelopt-quant moe-a2a-backend moe-data-parallel-size moe-dense-tp-size moe-dp-size
    moe-runner-backend mooncake-ib-device msprobe-dump-config nargs nccl-init-addr nccl-port nnodes no-cli node-rank nsa-decode-backend nsa-prefill-backend
    nsa-prefill-cp-mode num-continuous-decode-steps num-reserved-decode-tokens numa-node offload-group-size offload-mode offload-num-in-group offload-prefetch-step
    optimistic-prefill-retries otlp-traces-endpoint overlay overrides page-size passes pdmux-config-path piecewise-cuda-graph-compiler piecewise-cuda-graph-max-tokens
    piecewise-cuda-graph-tokens pipeline-parallel-size port pp-async-batch-depth pp-max-micro-batch-size pp-size pre-warm-nccl preferred-sampling-params
    prefill-attention-backend prefill-cp-mode prefill-delayer-forward-passes-buckets prefill-delayer-max-delay-ms prefill-delayer-max-delay-passes
    prefill-delayer-queue-min-ratio prefill-delayer-token-usage-low-watermark prefill-delayer-wait-seconds-buckets prefill-max-requests prefill-only-disable-kv-cache
    prefill-round-robin-balance priority-scheduling-preemption-threshold prompt-tokens-buckets quantization quantization-param-path quantize-and-serve radix-cache-backend
    radix-eviction-policy random-seed reasoning-parser records remote-instance-weight-loader-backend remote-instance-weight-loader-seed-instance-ip
    remote-instance-weight-loader-seed-instance-service-port remote-instance-weight-loader-send-weights-group-ports
    remote-instance-weight-loader-start-seed-via-transfer-engine required resolution resolvable resolved revision rl-on-policy-target rl-quant-profile rpc-ipc-name
    sampling-backend sampling-defaults schedule-conservativeness schedule-low-priority-values-first schedule-policy scheduler-input-ipc-name scheduler-recv-interval
    served-model-name server-args show-time-cost skip-server-warmup skip-tokenizer-init sleep-on-idle sm-group-num soft-watchdog-timeout source spec-trace-dir
    speculative-accept-threshold-acc speculative-accept-threshold-single speculative-adaptive speculative-adaptive-config speculative-algorithm speculative-attention-mode
    speculative-dflash-block-size speculative-dflash-draft-window-size speculative-draft-attention-backend speculative-draft-load-format speculative-draft-model
    speculative-draft-model-path speculative-draft-model-quantization speculative-draft-model-revision speculative-draft-window-size speculative-eagle-topk
    speculative-moe-a2a-backend speculative-moe-runner-backend speculative-ngram-capacity speculative-ngram-external-corpus-max-tokens speculative-ngram-external-corpus-path
    speculative-ngram-external-sam-budget speculative-ngram-match-type speculative-ngram-max-bfs-breadth speculative-ngram-max-trie-depth speculative-ngram-min-bfs-breadth
    speculative-num-draft-tokens speculative-num-steps speculative-skip-dp-mlp-sync speculative-token-map speculative-use-rejection-sampling ssl-ca-certs ssl-certfile
    ssl-keyfile ssl-keyfile-password stat-loggers stream-interval stream-output stream-response-default-include-usage strip-thinking-cache swa-full-tokens-ratio
    tbo-token-distribution-threshold tensor-parallel-size terminal tokenizer-backend tokenizer-ipc-name tokenizer-metrics-allowed-custom-labels
    tokenizer-metrics-custom-labels-header tokenizer-mode tokenizer-path tokenizer-worker-ipc-name tokenizer-worker-num tool-call-parser tool-server torch-compile-max-bs
    torchao-config tp-size trace-modules triton-attention-num-kv-splits triton-attention-reduce-in-fp32 triton-attention-split-tile-size trust-remote-code type-parser use-ray
    uses-mamba-radix-cache uvicorn-access-log-exclude-prefixes warmups watchdog-timeout weight-loader-disable-mmap weight-loader-drop-cache-after-load
    weight-loader-prefetch-checkpoints weight-loader-prefetch-num-threads weight-version whitelist`,
    ``,
  ],
  [
    `0.5.16`,
    `
    default-chat-template-kwargs dllm-fdfo elastic-ep-initial-size elastic-ep-join-mode elastic-ep-join-rank-offset elastic-ep-scale-timeout enable-dsa-cache-layer-split
    enable-elastic-expert-backup. enable-flexkv enable-gdn-replayssm-spec enable-scattered-sconv enable-waterfill ep-join-mode ep-join-rank-offset flexkv-config-file
    fuseep-mode gamma grpc-port language-only. max-ep-size mm-feature-transport optimistic-prefill-attempts raw-args retraction-policy sidecar sidecar-args smg-grpc-mode
    smg-http-sidecar-port speculative-draft-model-path. speculative-dspark-align-verify-tokens-to-graph-tier speculative-dspark-block-size
    speculative-dspark-confidence-sts-path speculative-dspark-sps-table-path`,
    `
    base enable-deepep-waterfill field fields flags leaf-map optimistic-prefill-retries records resolved source terminal whitelist`,
  ],
  [
    `0.5.17`,
    `
    backend dcp-comm-backend dcp-replicate-q-proj decode-backend dwdp-size enable-cp-decode-attn-tp enable-linear-replayssm-spec flashinfer-autotune-skip-ops hip
    linear-attn-verify-backend mamba-max-states-per-path mm-io-worker-num mm-processor-worker-num path prefill-backend return-hidden-states-mode weight-cache-mode
    weight-cache-socket weight-cache-timeout`,
    ``,
  ],
  [
    `0.5.18`,
    `
    allowed-media-domains c128-page-size disaggregation-decode-retraction-backup enable-tp-lm-head-all-to-all expert-balancedness-report-mode http2-max-concurrent-streams
    image-processor-backend kv-cache-dtype. language-model-only media-url-max-file-size-mb mlx-enable-sampling mm-global-cache-backend mm-preprocess-cache-size-mb
    speculative-draft-kv-cache-dtype startup-weight-load-mode trust-mm-content-hashes`,
    `
    raw-args torchao-config`,
  ],
  [
    `0.5.19`,
    `
    attention-backend. deepep-v2-mode dsv4-prefill-backend enable-dense-mlp-attn-tp enable-layernorm-sp enable-lean-attention enable-page-major-kv-layout.
    enable-shared-experts-attn-tp enable-w4a4-mxfp4-megamoe gated-launch-port grpc-worker-threads hicache-host-memory-mode hicache-ratio.
    hicache-storage-prefetch-retry-max-attempts hicache-storage-prefetch-retry-poll-interval http2-initial-connection-window-size load-publish-endpoint locked
    max-prefill-tokens. normalized-mapping prefill-decode-interval speculative-dsa-topk-backend stays`,
    ``,
  ],
  [
    `0.5.20`,
    `
    annotations defaults doc dsv4-attn-backend enable-response-store enable-unified-cache-external-linker fallback flashinfer-a2a-dispatch-type flashinfer-a2a-dispatch-type.
    hicache-storage-backend. ple-offload-backend ple-offload-dir ple-offload-embedding post-capture-kv-sizing radix-eviction-policy-config return-input-ids return-output-ids
    sampling-mask-max-tokens sources speculative-domino-candidate-pool-size speculative-use-rejection-sampling. unified-cache-external-linker-backend uno-lora-path`,
    `
    collect-tokens-histogram cuda-graph-bs cuda-graph-max-bs disable-piecewise-cuda-graph dsa-prefill-cp-mode enable-breakable-cuda-graph enable-dsa-prefill-context-parallel
    enable-expert-distribution-metrics enable-gdn-replayssm-spec enable-nsa-prefill-context-parallel enable-prefill-context-parallel enforce-piecewise-cuda-graph
    mamba-scheduler-strategy nsa-decode-backend nsa-prefill-backend nsa-prefill-cp-mode piecewise-cuda-graph-compiler piecewise-cuda-graph-max-tokens
    piecewise-cuda-graph-tokens prefill-cp-mode prefill-round-robin-balance speculative-dflash-draft-window-size stays stream-output`,
  ],
  [
    `0.5.21`,
    `
    accept-threshold-acc accept-threshold-single algorithm boundary-reduction constrained-json-max-whitespace-cnt context-bucket cuda-graph-max-seq-len-prefill
    cuda-graph-prefill-max-context default disable-aiter-allreduce-fusion-in-decode disable-aiter-allreduce-fusion-in-prefill disaggregation-decode-host-receive-threshold
    disaggregation-enable-kv-checksum eagle-topk enable-decoder-swa-bounded-replay enable-encoder-swa-bounded-replay enable-linker-mla-dedup enable-pd-role-switch
    enable-single-batch-overlap. grpc-response-timeout-secs hicache-host-memory-fraction is-hip model-arch otlp-service-name prefill-kv-cache-dequant-dtype
    shared-experts-tp-size simulate-acc-len speculative-boundary-reduction speculative-draft-sink-size speculative-num-draft-tokens. swa-prefix-tails token-map
    trust-request-chat-template use-rejection-sampling`,
    `
    elastic-ep-rejoin handler keep-mm-feature-on-device passes resolution`,
  ],
  [
    `0.5.22`,
    `
    attention-data-parallel-size attn-dp-enabled attn-dp-size dcp-size. disaggregation-decode-allocation-policy dsa-triton-union enable-cp-tp-group-sharing
    enable-dsa-fused-indexer enable-dynamic-chunking. enable-kv-cache-sharding enable-watermark forward lora-enabled model-config nothing qsa-indexer-dtype
    speculative-enable-w4a4-mxfp4-megamoe speculative-use-block-verification watermark-config watermark-context-window watermark-default-enabled watermark-enforce-all
    watermark-key watermark-key-b watermark-max-probability watermark-mixing-probability`,
    `
    attention-backend. cuda-graph-tc-compiler`,
  ],
  [
    `0.5.23`,
    `
    attention-backend. aux-hidden-state-capture configured enable-amd-monokernel enable-hicache enable-http-worker-reuseport enable-megamoe-for-layernorm-sp
    enable-megamoe-for-layernorm-sp. enable-nvidia-megakernel enable-paged-experts enable-return-aux-hidden-states enable-return-aux-hidden-states. max-running-requests.
    monokernel-backend paged-experts-num-resident prefill-decode-interval-min-bs return-aux-hidden-state-layer-ids return-aux-hidden-state-layer-ids. speculative-algorithm.
    unified-cache-external-linker-config`,
    `
    speculative-num-draft-tokens. speculative-skip-dp-mlp-sync`,
  ],
]
