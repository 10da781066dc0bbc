import {
  everyInterface,
  noDummyWeights,
  noHttp,
  ownTls,
  type ReservedSettings,
  settingsInFile,
  use,
} from '../reserved.ts'

/** Spellings of SGLang 0.5. */
export const reserved = {
  style: 'argparse',
  flags: [
    { names: ['--model-path', '--model'], instead: use('weights.source') },
    { names: ['--served-model-name'], instead: use('model.name') },
    { names: ['--config'], instead: settingsInFile },
    { names: ['--host'], instead: everyInterface },
    { names: ['--port'], instead: use('serving.port') },
    ownTls('--ssl-keyfile', '--ssl-certfile', '--ssl-ca-certs', '--ssl-keyfile-password'),
    {
      names: ['--disaggregation-mode'],
      effect: 'makes one half of a server, which answers nobody by itself',
      instead: 'leave it out: an image is one server with its interface',
    },
    noHttp('--grpc-mode', '--smg-grpc-mode'),
    noDummyWeights('--load-format'),
    { names: ['--is-embedding'], instead: use('model.task') },
    { names: ['--dtype'], instead: use('serving.dtype') },
    { names: ['--context-length'], instead: use('serving.contextLength') },
    { names: ['--max-running-requests'], instead: use('serving.parallelism') },
    { names: ['--max-prefill-tokens'], instead: use('serving.maxPrefillTokens') },
    { names: ['--quantization'], instead: use('serving.quantization') },
    { names: ['--kv-cache-dtype'], instead: use('serving.kvCacheDtype') },
    { names: ['--tp-size', '--tensor-parallel-size', '--tp'], instead: use('serving.tensorParallel') },
    { names: ['--mem-fraction-static'], instead: use('serving.gpuMemoryUtilization') },
    { names: ['--enable-metrics'], instead: 'it is set already; leave it out' },
  ],
  variables: {
    SGLANG_PORT: use('serving.port'),
    SGLANG_HOST_IP: everyInterface,
    HOST_IP: everyInterface,
  },
  kvCacheDtypes: ['auto', 'bf16', 'bfloat16', 'fp8_e4m3', 'fp8_e5m2', 'fp4_e2m1'],
} satisfies ReservedSettings
