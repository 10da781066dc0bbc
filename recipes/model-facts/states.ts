import type { StateLayer } from '../model-facts.ts'
import type { Config } from './config-value.ts'
import {
  countOf,
  headCountOf,
  headDimOf,
  hiddenSizeOf,
  kvHeadsOf,
  layerCountOf,
  numberOf,
  sectionOf,
  textOf,
} from './keys.ts'

/**
 * State of one recurrent layer for one sequence, in elements:
 * conv (k-1)·channels, and the matrix the recurrence updates. Undefined when a size is not in the configuration.
 */
export function stateLayerOf(config: Config): StateLayer | undefined {
  return kimiDelta(config) ?? gatedDeltaNet(config) ?? mamba2(config) ?? mamba1(config) ?? lightning(config)
}

function gatedDeltaNet(config: Config): StateLayer | undefined {
  const keyHeads = countOf(config, 'linear_num_key_heads')
  const valueHeads = countOf(config, 'linear_num_value_heads')
  const keyDim = countOf(config, 'linear_key_head_dim')
  const valueDim = countOf(config, 'linear_value_head_dim')
  if (!keyHeads || !valueHeads || !keyDim || !valueDim) return undefined
  return {
    kind: 'state',
    family: 'gated-delta-net',
    convTaps: (countOf(config, 'linear_conv_kernel_dim') ?? 4) - 1,
    innerChannels: valueHeads * valueDim,
    groupChannels: 2 * keyDim,
    groupCount: keyHeads,
    stateElements: valueHeads * keyDim * valueDim,
    stateDtype: textOf(config, 'mamba_ssm_dtype', 'mamba_ssm_cache_dtype') ?? null,
  }
}

/** Kimi's delta attention under the names of its own section, or those that transformers gives them. */
function kimiDelta(config: Config): StateLayer | undefined {
  const linear = sectionOf(config, 'linear_attn_config') ?? {}
  const heads = countOf(linear, 'num_heads') ?? countOf(config, 'linear_num_heads')
  const dim = countOf(linear, 'head_dim') ?? countOf(config, 'linear_head_dim')
  if (!heads || !dim) return undefined
  const taps = countOf(linear, 'short_conv_kernel_size') ?? countOf(config, 'linear_conv_kernel_dim') ?? 4
  return {
    kind: 'state',
    family: 'kimi-delta',
    convTaps: taps - 1,
    innerChannels: 3 * heads * dim,
    groupChannels: 0,
    groupCount: 0,
    stateElements: heads * dim * dim,
    stateDtype: 'float32',
  }
}

/** MiniMax-Text, Ling and Ring: one matrix a head, as large as the head. They say so by what they leave out. */
function lightning(config: Config): StateLayer | undefined {
  const isOne = numberOf(
    config,
    'linear_attn_alpha_factor',
    'layernorm_linear_attention_alpha',
    'layer_group_size',
  )
  const heads = headCountOf(config)
  const dim = heads && headDimOf(config, hiddenSizeOf(config) ?? 0, heads)
  if (isOne === undefined || !heads || !dim) return undefined
  const none = { convTaps: 0, innerChannels: 0, groupChannels: 0, groupCount: 0 }
  return {
    kind: 'state',
    family: 'lightning',
    ...none,
    stateElements: heads * dim * dim,
    stateDtype: 'float32',
  }
}

export function shortConvOf(config: Config): StateLayer | undefined {
  const channels = countOf(config, 'conv_dim') ?? hiddenSizeOf(config)
  const taps = countOf(config, 'conv_L_cache')
  return channels && taps ? convolution(channels, taps) : undefined
}

/** Inkling: keys, values, and what attention and feed-forward give, each through a short convolution. */
export function streamsOf(config: Config, isWindow: boolean): StateLayer | undefined {
  const taps = countOf(config, 'conv_kernel_size')
  const hidden = hiddenSizeOf(config)
  const heads = headCountOf(config)
  if (!taps || !hidden || !heads || countOf(config, 'mamba_d_state', 'ssm_state_size')) return undefined
  const own = isWindow ? countOf(config, 'swa_num_key_value_heads') : undefined
  const keyValue = 2 * (own ?? kvHeadsOf(config, heads)) * headDimOf(config, hidden, heads)
  return convolution(keyValue + 2 * hidden, taps)
}

function convolution(channels: number, taps: number): StateLayer {
  return {
    kind: 'state',
    family: 'short-conv',
    convTaps: taps - 1,
    innerChannels: channels,
    groupChannels: 0,
    groupCount: 0,
    stateElements: 0,
    stateDtype: null,
  }
}

/** Heads of Mamba-2; only models of nothing else name them as attention does. */
export function mambaHeadsOf(config: Config): number | undefined {
  const named = countOf(config, 'mamba_num_heads', 'mamba_n_heads', 'n_mamba_heads')
  return named ?? (textOf(config, 'model_type') === 'mamba2' ? countOf(config, 'num_heads') : undefined)
}

function mamba2(config: Config): StateLayer | undefined {
  const isPlain = textOf(config, 'model_type') === 'mamba2'
  const heads = mambaHeadsOf(config)
  const states = countOf(config, 'ssm_state_size', 'mamba_d_state', 'state_size')
  const inner = innerSizeOf(config)
  const headDim =
    countOf(config, 'mamba_head_dim', 'mamba_d_head', 'mamba_headdim') ??
    (isPlain ? countOf(config, 'head_dim') : undefined) ??
    (inner && heads ? inner / heads : undefined)
  if (!heads || !headDim || !states) return undefined
  return {
    kind: 'state',
    family: 'mamba2',
    convTaps: (countOf(config, 'conv_kernel', 'mamba_d_conv', 'conv_kernel_size') ?? 4) - 1,
    innerChannels: heads * headDim,
    groupChannels: 2 * states,
    groupCount: countOf(config, 'n_groups', 'mamba_n_groups', 'mamba_ngroups') ?? 1,
    stateElements: heads * headDim * states,
    stateDtype: textOf(config, 'mamba_ssm_cache_dtype', 'mamba_ssm_dtype') ?? null,
  }
}

function mamba1(config: Config): StateLayer | undefined {
  const states = countOf(config, 'mamba_d_state', 'state_size')
  const type = textOf(config, 'model_type') ?? ''
  const inner = type === 'mamba' || type === 'falcon_mamba' ? countOf(config, 'intermediate_size') : undefined
  const channels = inner ?? innerSizeOf(config)
  if (!states || !channels || !layerCountOf(config)) return undefined
  return {
    kind: 'state',
    family: 'mamba1',
    convTaps: (countOf(config, 'mamba_d_conv', 'conv_kernel') ?? 4) - 1,
    innerChannels: channels,
    groupChannels: 0,
    groupCount: 0,
    stateElements: channels * states,
    stateDtype: null,
  }
}

function innerSizeOf(config: Config): number | undefined {
  const named = countOf(config, 'mamba_d_ssm', 'mamba_intermediate_size')
  const expand = countOf(config, 'mamba_expand', 'expand')
  const hidden = hiddenSizeOf(config)
  return named ?? (expand && hidden ? expand * hidden : undefined)
}
