import { type MemoryFlag, says, setsGiB, setsNumber, setsText, uncounted } from '../memory-flags.ts'
import { imageLimits } from './memory-tower.ts'

const draft = 'a draft model and its cache'
const graphs = 'which CUDA graphs are captured'
const images = 'the largest image that is profiled'
const host = 'weights that move to the host'

/** Flags of vLLM 0.31 to 0.33 that change what lies on a GPU, besides those that keys of a recipe set. */
export const memoryFlags: readonly MemoryFlag[] = [
  setsNumber('pp', ['--pipeline-parallel-size', '-pp']),
  setsNumber('dp', ['--data-parallel-size', '-dp']),
  setsGiB('hostWeightsBytes', ['--cpu-offload-gb']),
  setsGiB('swapSpaceBytes', ['--swap-space']),
  setsNumber('blockSize', ['--block-size']),
  setsText('mambaSsmDtype', ['--mamba-ssm-cache-dtype']),
  says({ enforceEager: true }, ['--enforce-eager']),
  says({ enforceEager: false }, ['--no-enforce-eager']),
  says({ prefixCaching: true }, ['--enable-prefix-caching']),
  says({ prefixCaching: false }, ['--no-enable-prefix-caching']),
  says({ hybridKvCache: false }, ['--disable-hybrid-kv-cache-manager']),
  says({ hybridKvCache: true }, ['--no-disable-hybrid-kv-cache-manager']),
  uncounted('less', host, ['--offload-group-size', '--offload-num-in-group', '--offload-params']),
  uncounted('less', host, ['--cpu-offload-params', '--offload-backend']),
  setsNumber('dcp', ['--decode-context-parallel-size', '-dcp']),
  uncounted('either', 'more ranks than the planner counts', ['--prefill-context-parallel-size', '-pcp']),
  uncounted('either', 'GPUs of other machines', ['--nnodes', '-n', '--data-parallel-size-local', '-dpl']),
  uncounted('either', 'the bytes of the cache', ['--kv-cache-memory-bytes', '--num-gpu-blocks-override']),
  uncounted('more', 'layers whose cache is not packed', ['--kv-cache-dtype-skip-layers']),
  setsNumber('speculativeTokens', ['--spec-tokens']),
  { names: ['--speculative-config', '-sc'], means: { type: 'read', read: draftHeadTokens, what: draft } },
  uncounted('more', draft, ['--speculative-model']),
  says({ adapters: true }, ['--enable-lora']),
  setsNumber('adapterSlots', ['--max-loras']),
  setsNumber('adapterRank', ['--max-lora-rank']),
  uncounted('either', 'GPUs that come and go', ['--enable-elastic-ep', '--elastic-ep-max-dp-size']),
  uncounted('either', 'settings of a plug-in', ['--additional-config', '--diffusion-config']),
  uncounted('more', 'images that a GPU prepares', ['--mm-processor-device']),
  uncounted('more', 'copies of experts', ['--enable-eplb', '--eplb-config', '--num-redundant-experts']),
  uncounted('more', 'two batches at once', ['--enable-dbo']),
  uncounted('more', 'images that lie on the GPU', ['--mm-ipc-gpu-memory-gb']),
  uncounted('more', 'the whole window of every layer', ['--disable-sliding-window']),
  says({ textOnly: true }, ['--language-model-only']),
  uncounted('less', 'the part for images', ['--skip-mm-profiling', '--mm-encoder-only']),
  {
    names: ['--limit-mm-per-prompt'],
    means: { type: 'read', read: imageLimits, what: images, effect: 'either' },
  },
  uncounted('either', images, ['--mm-processor-kwargs']),
  uncounted('either', 'whether every rank holds the encoder', ['--mm-encoder-tp-mode']),
  // `-O3` is a flag and its value in one word.
  uncounted('either', graphs, ['--compilation-config', '-cc', '--optimization-level', '-O']),
  uncounted('either', graphs, ['--cudagraph-capture-sizes', '--max-cudagraph-capture-size']),
  uncounted('either', 'the configuration of the model', ['--hf-overrides', '--config-format']),
  uncounted('either', 'the type of weights', ['--quantization-config', '--model-class-overrides']),
  uncounted('either', 'states of recurrent layers', [
    '--mamba-cache-mode',
    '--mamba-block-size',
    '--mamba-cache-dtype',
  ]),
  uncounted('less', 'layers that share a cache', ['--kv-sharing-fast-prefill']),
  uncounted('less', 'a model that keeps no cache', ['--runner', '--convert']),
  uncounted('either', 'flags that stand in a file', ['--config']),
]

/** Tokens that the checkpoint's own head drafts; undefined where another model or none drafts, which nobody here counts. */
function draftHeadTokens(value: string): { speculativeTokens: number } | undefined {
  try {
    const config: unknown = JSON.parse(value)
    if (typeof config !== 'object' || config === null || 'model' in config) return undefined
    const method = 'method' in config ? String(config.method) : ''
    const tokens = 'num_speculative_tokens' in config ? Number(config.num_speculative_tokens) : Number.NaN
    return method.endsWith('mtp') && Number.isInteger(tokens) && tokens > 0
      ? { speculativeTokens: tokens }
      : undefined
  } catch {
    return undefined
  }
}
