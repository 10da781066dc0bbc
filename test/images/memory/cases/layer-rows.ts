import { type CaseRow, GiB } from './rows.ts'

/** Tokens of whole pages of 256. */
const pagesIn = (poolBytes: number, tokenBytes: number) => Math.floor(poolBytes / tokenBytes / 256) * 256

/** Logged runs whose layers are of sorts that the planner once read wrong; each row is a log, or what its configuration says. */
export const layerRows: CaseRow[] = [
  {
    id: 'N29 DeepSeek-V4-Flash, vLLM 0.22 (vllm#44376)',
    model: 'deepseek-v4-flash',
    options: {
      engineVersion: '0.22.0',
      gpu: 'gh200',
      tp: 2,
      kvCacheDtype: 'fp8',
      blockSize: 256,
      maxModelLen: 30000,
      maxNumBatchedTokens: 16384,
      availableKvBytes: 5.44 * GiB,
    },
    expected: { kvBytesForOneSequence: 7152076800, fits: false },
    printed: { maxModelLenThatFits: 13528 },
  },
  {
    id: 'N30 DeepSeek-V4-Flash, SGLang, one request at once',
    model: 'deepseek-v4-flash',
    options: { engine: 'sglang', maxNumSeqs: 1, availableKvBytes: 6.16 * GiB },
    expected: {},
    printed: { kvTokens: 852992 },
  },
  {
    id: 'N30 DeepSeek-V4-Flash, SGLang, eight requests',
    model: 'deepseek-v4-flash',
    options: { engine: 'sglang', maxNumSeqs: 8, availableKvBytes: 11.89 * GiB },
    expected: {},
    printed: { kvTokens: 1641472 },
  },
  {
    id: 'N30 DeepSeek-V4-Flash, SGLang 0.5.12, whose windows count the layer of the draft head',
    model: 'deepseek-v4-flash',
    options: {
      engine: 'sglang',
      engineVersion: '0.5.12',
      availableKvBytes: 45.78 * GiB,
    },
    expected: {},
    printed: { kvTokens: 3080960 },
  },
  {
    // Windows, closed vectors and their index, open groups of four in 16 rows for each window of 128; then one layer more.
    id: 'DeepSeek-V4-Flash, SGLang with drafted tokens: rings twice as long, and a layer more in every cache',
    model: 'deepseek-v4-flash',
    options: { engine: 'sglang', maxNumSeqs: 8, speculativeTokens: 3, availableKvBytes: 60 * GiB },
    expected: {
      kvTokens: pagesIn(
        60 * GiB - 20 * Math.ceil((9 * 256 + 257) / 128) * 128 * 2 * 512 * 4,
        (0.1 * 43 * 584 + (21 * (584 + 132)) / 4 + (20 * 584) / 128 + 0.1 * (16 / 128) * 21 * 16 * 640) *
          (44 / 43),
      ),
    },
  },
  {
    id: 'DeepSeek-V4-Flash, SGLang, nothing told: 256 requests at once, as `arg_groups` sets',
    model: 'deepseek-v4-flash',
    options: { engine: 'sglang', availableKvBytes: 60 * GiB },
    expected: {
      kvTokens: pagesIn(
        60 * GiB - 20 * Math.ceil((257 * 128 + 129) / 128) * 128 * 2 * 512 * 4,
        0.1 * 43 * 584 + (21 * (584 + 132)) / 4 + (20 * 584) / 128 + 0.1 * (8 / 128) * 21 * 16 * 640,
      ),
    },
  },
  {
    id: 'N34 Zamba2-2.7B, vLLM 0.12',
    model: 'zamba2-2.7b',
    options: {
      engineVersion: '0.12.0',
      gpu: 15.48,
      maxModelLen: 2048,
      maxNumSeqs: 8,
      availableKvBytes: 6.16 * GiB,
    },
    expected: { kvBlockTokens: 48, kvTokens: 5088 },
    printed: { maxConcurrency: 15.27 },
  },
  {
    id: 'N09 GLM-5-FP8, SGLang',
    model: 'glm-5-fp8',
    options: {
      engine: 'sglang',
      tp: 8,
      gpu: 'mi355x',
      kvCacheDtype: 'fp8_e4m3',
      availableKvBytes: 186.77 * GiB,
    },
    expected: {},
    printed: { kvTokens: 3262823 },
  },
  {
    // The log has 530,240, the fewest of both stages, and prints the pool of one: 22.88 GiB of it would be 0.4 % less.
    id: 'N37 GLM-5.2, two stages of 39 layers, 12 and 9 of them with an index',
    model: 'glm-5.2',
    options: {
      engineVersion: '0.25.0',
      gpu: 'gh200',
      tp: 4,
      pp: 2,
      maxModelLen: 131072,
      availableKvBytes: 22.88 * GiB,
    },
    expected: { kvBytesPerToken: 39 * 1152 + 12 * 132, kvTokens: 528128 },
  },
  {
    id: 'GLM-5.2, SGLang: an index on all 78 layers, as its pool has it',
    model: 'glm-5.2',
    options: { engine: 'sglang', tp: 8, gpu: 'h200', availableKvBytes: 40 * GiB },
    expected: { kvBytesPerToken: 78 * (1152 + 132), kvTokens: Math.floor((40 * GiB) / (78 * (1152 + 132))) },
  },
  {
    id: 'DeepSeek-V4-Flash, llama.cpp: windows of 768 cells, vectors of 4 and 128 tokens, and what is open',
    model: 'deepseek-v4-flash',
    options: { engine: 'llama-cpp', maxModelLen: 32768 },
    expected: {
      kvPoolBytes:
        43 * 768 * 1024 +
        21 * 8192 * (1024 + 256) +
        20 * 256 * 1024 +
        21 * 8 * 2 * 2 * (512 + 128) * 4 +
        20 * 128 * 2 * 512 * 4,
    },
  },
  {
    id: 'N10 MiniMax-M2.7',
    model: 'minimax-m2.5',
    options: { engineVersion: '0.20.0', maxModelLen: 204800, availableKvBytes: 24.85 * GiB },
    expected: { kvBytesForOneSequence: 48.4375 * GiB, maxModelLenThatFits: 105056, fits: false },
  },
  {
    id: 'N44 LFM2.5-1.2B, vLLM 0.17',
    model: 'lfm2.5-1.2b',
    options: {
      engineVersion: '0.17.0',
      dtype: 'float16',
      maxModelLen: 2048,
      prefixCaching: false,
      availableKvBytes: 8009416704,
    },
    expected: { kvBlockTokens: 16, kvTokens: 217264 },
    printed: { maxConcurrency: 313.37 },
  },
  {
    id: 'MiniMax-M3: a lane of 128 elements on 57 layers (llama.cpp#24908)',
    model: 'minimax-m3',
    options: { availableKvBytes: 20 * GiB },
    expected: { kvBytesPerToken: 137472 },
  },
  {
    id: 'MiniMax-M3 over eight ranks: the lane is whole on each',
    model: 'minimax-m3',
    options: { tp: 8, availableKvBytes: 20 * GiB },
    expected: { kvBytesPerToken: 60 * 512 + 57 * 256 },
  },
  {
    id: 'MiMo-V2-Flash: its list of layers and not its chunks',
    model: 'mimo-v2-flash',
    options: { tp: 8, availableKvBytes: 20 * GiB },
    expected: { kvBytesPerTokenPastWindows: 5760 },
  },
  {
    id: 'LongCat-Flash: two attentions in each of 28 layers',
    model: 'longcat-flash',
    options: { availableKvBytes: 20 * GiB },
    expected: { kvBytesPerToken: 64512 },
  },
  {
    id: 'Whisper-large-v3-turbo: 4 layers of its decoder and not 32 of its encoder',
    model: 'whisper-large-v3-turbo',
    options: { availableKvBytes: 2 * GiB },
    expected: { kvBytesPerToken: 20480, kvBytesPerSequence: 4 * 1500 * 5120 },
  },
]
