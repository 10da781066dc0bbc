import { type MemoryFlag, setsGiB, setsNumber, setsText, uncounted } from '../memory-flags.ts'

const draft = 'a draft model and its cache'
const adapters = 'adapters beside the model'
const graphs = 'which CUDA graphs are captured'
const pool = 'the size of the pool'

/** Flags of SGLang 0.5 that change what lies on a GPU, besides those that keys of a recipe set. */
export const memoryFlags: readonly MemoryFlag[] = [
  setsNumber('pp', ['--pp-size', '--pipeline-parallel-size']),
  setsNumber('dp', ['--dp-size', '--data-parallel-size', '--dp']),
  setsNumber('maxNumBatchedTokens', ['--chunked-prefill-size']),
  setsNumber('blockSize', ['--page-size']),
  setsGiB('hostWeightsBytes', ['--cpu-offload-gb']),
  setsText('mambaSsmDtype', ['--mamba-ssm-dtype']),
  uncounted('either', 'attention that is copied to every rank', ['--enable-dp-attention']),
  uncounted('more', 'the dense layers of experts', ['--moe-dense-tp-size', '--enable-dp-lm-head']),
  uncounted('more', 'copies of experts', ['--ep-num-redundant-experts', '--enable-eplb']),
  uncounted('either', 'more ranks than the planner counts', [
    '--attn-cp-size',
    '--attention-context-parallel-size',
  ]),
  uncounted('either', 'GPUs of other machines', ['--nnodes']),
  uncounted('less', 'weights that move to the host', [
    '--offload-group-size',
    '--offload-num-in-group',
    '--offload-mode',
  ]),
  uncounted('less', 'experts that the CPU computes', [
    '--kt-weight-path',
    '--kt-cpuinfer',
    '--kt-num-gpu-experts',
  ]),
  setsNumber('stateSlots', ['--max-mamba-cache-size']),
  setsNumber('stateRatio', ['--mamba-full-memory-ratio']),
  setsNumber('windowRatio', ['--swa-full-tokens-ratio']),
  uncounted('either', pool, ['--max-total-tokens']),
  uncounted('more', 'the whole window of every layer', ['--disable-hybrid-swa-memory']),
  uncounted('more', draft, [
    '--speculative-algorithm',
    '--speculative-algo',
    '--speculative-draft-model-path',
  ]),
  uncounted('more', adapters, ['--enable-lora', '--lora-paths', '--max-loras-per-batch', '--max-lora-rank']),
  uncounted('more', 'two batches at once', ['--enable-two-batch-overlap', '--enable-pdmux']),
  uncounted('either', graphs, ['--cuda-graph-max-bs', '--cuda-graph-bs', '--disable-cuda-graph']),
  uncounted('more', 'what is compiled at the start', [
    '--enable-torch-compile',
    '--enable-piecewise-cuda-graph',
  ]),
  uncounted('either', 'the configuration of the model', ['--json-model-override-args']),
  uncounted('less', 'weights that are packed at the start', ['--torchao-config']),
  uncounted('either', 'flags that stand in a file', ['--config']),
]
