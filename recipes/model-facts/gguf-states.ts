import type { StateLayer } from '../model-facts.ts'
import { type GgufHeader, numberAt } from './gguf-values.ts'

const plain = { kind: 'state', groupChannels: 0, groupCount: 0, stateDtype: 'float32' } as const

/** State of one recurrent layer, as `llama_hparams::n_embd_r` and `n_embd_s` count it; all of it in 32 bits. */
export function ggufState(header: GgufHeader, missing: string[]): StateLayer {
  return rwkvState(header) ?? shortConvState(header) ?? kimiState(header) ?? mambaState(header, missing)
}

function rwkvState({ architecture, read }: GgufHeader): StateLayer | undefined {
  const headSize = numberAt(read('wkv.head_size'), 0)
  const channels = numberAt(read('embedding_length'), 0) ?? 0
  if (!headSize) return undefined
  const shifts = numberAt(read('token_shift_count'), 0) ?? (/qwen2|^arwkv/.test(architecture) ? 1 : 2)
  return {
    ...plain,
    family: 'lightning',
    convTaps: shifts,
    innerChannels: channels,
    stateElements: channels * headSize,
  }
}

function shortConvState({ read }: GgufHeader): StateLayer | undefined {
  const length = numberAt(read('shortconv.l_cache'), 0)
  if (!length) return undefined
  const innerChannels = numberAt(read('embedding_length'), 0) ?? 0
  return { ...plain, family: 'short-conv', convTaps: length - 1, innerChannels, stateElements: 0 }
}

function kimiState({ read }: GgufHeader): StateLayer | undefined {
  const headDim = numberAt(read('kda.head_dim'), 0)
  const heads = numberAt(read('attention.head_count'), 0) ?? 0
  if (!headDim) return undefined
  const convTaps = (numberAt(read('ssm.conv_kernel'), 0) ?? 4) - 1
  return {
    ...plain,
    family: 'kimi-delta',
    convTaps,
    innerChannels: 3 * heads * headDim,
    stateElements: heads * headDim ** 2,
  }
}

/** `ssm.inner_size` = heads x head size, `ssm.group_count` = key heads or groups, `ssm.state_size` = key dimension. */
function mambaState({ read }: GgufHeader, missing: string[]): StateLayer {
  const inner = numberAt(read('ssm.inner_size'), 0)
  const states = numberAt(read('ssm.state_size'), 0)
  if (!inner || !states) missing.push('ssm.inner_size, ssm.state_size')
  const groupCount = numberAt(read('ssm.group_count'), 0) ?? 0
  return {
    ...plain,
    family: numberAt(read('ssm.time_step_rank'), 0) && groupCount > 0 ? 'mamba2' : 'mamba1',
    convTaps: (numberAt(read('ssm.conv_kernel'), 0) ?? 4) - 1,
    innerChannels: inner ?? 0,
    groupChannels: groupCount > 0 ? 2 * (states ?? 0) : 0,
    groupCount,
    stateElements: (inner ?? 0) * (states ?? 0),
  }
}
