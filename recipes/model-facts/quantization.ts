import type { Quantization } from '../model-facts.ts'
import { type Config, isConfig } from './config-value.ts'
import { countOf, listOf, numberOf, sectionOf, textOf } from './keys.ts'

/**
 * Bits per weight of packed matrices by method. The scales and zeros of a group of weights are counted in: GPTQ at 4 bits
 * in groups of 128 has 4 + 16/128 + 4/128.
 */
export function quantizationOf(raw: Config, expertDtype?: string): Quantization | null {
  const method = (textOf(raw, 'quant_method', 'quant_algo') ?? 'unknown').toLowerCase()
  return {
    method,
    bitsPerWeight: bitsOf(raw, method),
    // DeepSeek-V4 names the type of its experts apart: floats of 4 bits with a scale byte for 32.
    ...(expertDtype === 'fp4' && { expertBits: microscaledBits('mxfp4') }),
    expertsOnly: method === 'mxfp4' || packsExpertsAlone(raw),
    attentionPacked: !skipsAttention(raw),
    kvCacheDtype: kvCacheDtypeOf(raw),
  }
}

function bitsOf(raw: Config, method: string): number {
  const bits = numberOf(raw, 'bits', 'w_bit', 'weight_bits') ?? 4
  // -1 is one scale for a whole column.
  const group = numberOf(raw, 'group_size', 'q_group_size')
  const microscaled = microscaledBits(
    `${method} ${textOf(raw, 'quant_algo', 'format', 'weight_dtype') ?? ''}`,
  )
  if (method.startsWith('mxfp')) return microscaled ?? 4.25
  if (method === 'fp8' || method === 'fbgemm_fp8')
    return listOf(raw, 'weight_block_size') ? 8 + 32 / 16384 : 8
  if (method === 'bitsandbytes') return bitsandbytesBits(raw)
  if (method === 'compressed-tensors') return compressedBits(raw)
  if (method === 'quark') return quarkBits(raw)
  if (method.startsWith('modelopt') || method.includes('nvfp4')) return modelOptBits(raw)
  if (method === 'awq' || method === 'gptq' || method === 'auto-round' || method === 'awq_marlin')
    return packedBits(bits, group ?? 128, raw['sym'] === true && method === 'auto-round')
  return microscaled ?? numberOf(raw, 'bits', 'w_bit', 'weight_bits') ?? namedBits(raw, method)
}

/** Methods that name a type in place of bits: torchao's `Int8WeightOnlyConfig`, quanto's `int8`, HQQ's `nbits`, EETQ, which has one. */
function namedBits(raw: Config, method: string): number {
  if (method === 'eetq') return 8
  const named = /(?:int|float|fp|nbits"?:) ?(\d)/i.exec(`${method} ${JSON.stringify(raw)}`)?.[1]
  return named === undefined ? 4 : Number(named)
}

/** One scale byte for 32 weights (MX), or for 16 (NVFP4). */
function microscaledBits(name: string): number | undefined {
  const match = /(mx_?fp|nvfp)_?(\d)/i.exec(name)
  return match ? Number(match[2]) + (match[1]?.toLowerCase() === 'nvfp' ? 0.5 : 0.25) : undefined
}

/** Quark names a type for weights in its global part: `fp4`, `fp6_e2m3`, `fp8_e4m3`, `int4`, in groups of 32 for MX types. */
function quarkBits(raw: Config): number {
  const named = sectionOf(raw, 'global_quant_config')?.['weight']
  // One section, or one for each step of a scale that is packed itself.
  const first: unknown = Array.isArray(named) ? named[0] : named
  const weights = isConfig(first) ? first : {}
  const bits = Number(/\d+/.exec(textOf(weights, 'dtype') ?? '')?.[0] ?? 8)
  const isGrouped = textOf(weights, 'qscheme') === 'per_group'
  return bits + (isGrouped ? 8 / (countOf(weights, 'group_size') ?? 32) : 0)
}

/** fp16 scale and packed zeros for each group: 4 + 16/128 + 4/128 = 4.15625 at group 128. */
export function packedBits(bits: number, group: number, symmetric: boolean): number {
  if (group <= 0) return bits
  return bits + 16 / group + (symmetric ? 0 : bits / group)
}

function bitsandbytesBits(raw: Config): number {
  if (raw['load_in_8bit'] === true) return 8
  return raw['bnb_4bit_use_double_quant'] === true ? 4 + 8 / 64 + 32 / (64 * 256) : 4.5
}

/** NVFP4 has one E4M3 scale for 16 weights; a mixed checkpoint says more in its groups. */
function modelOptBits(raw: Config): number {
  const algorithm = (
    textOf(raw, 'quant_algo') ??
    textOf(sectionOf(raw, 'quantization') ?? {}, 'quant_algo') ??
    ''
  ).toUpperCase()
  if (algorithm.includes('MXFP') || algorithm.includes('NVFP')) return microscaledBits(algorithm) ?? 4.5
  if (algorithm.includes('FP8')) return 8
  if (algorithm.includes('W4A16') || algorithm.includes('W4A8') || algorithm.includes('INT4'))
    return packedBits(4, 128, true)
  return 4.5
}

/** The first group's weights: scales of 16 bits for a group of integers, of 8 for one of floats, of 32 for a block or a row. */
function compressedBits(raw: Config): number {
  const groups = sectionOf(raw, 'config_groups') ?? {}
  const weights = Object.values(groups)
    .filter(isConfig)
    .map((group) => sectionOf(group, 'weights'))
    .find((section) => section !== undefined)
  if (!weights) return microscaledBits(textOf(raw, 'format') ?? '') ?? 8
  const bits = countOf(weights, 'num_bits') ?? 8
  const size = countOf(weights, 'group_size')
  if (textOf(weights, 'strategy') === 'block') return bits + 32 / (size ?? 128) ** 2
  if (!size) return bits
  if (textOf(weights, 'type') === 'float') return bits + 8 / size
  return packedBits(bits, size, weights['symmetric'] !== false)
}

/** Modules that stay in 16 bits, as each writer calls them. */
function leftOut(raw: Config): string[] {
  const lists = ['modules_to_not_convert', 'ignore', 'ignored_layers', 'exclude_modules', 'exclude']
  return lists.flatMap((name) => listOf(raw, name) ?? []).map(String)
}

/** Attention and every dense part are left out by name, so that experts alone are packed. */
function packsExpertsAlone(raw: Config): boolean {
  const names = leftOut(raw)
  const leaves = (pattern: RegExp) => names.some((name) => pattern.test(name))
  return leaves(/attn|attention/) && leaves(/shared_expert/) && leaves(/mlp\\?\.\(?(gate|up|down)/)
}

function skipsAttention(raw: Config): boolean {
  const names = leftOut(raw)
  return names.some((name) => /self_attn|\battn\b|attention/.test(name) && !/vision|visual/.test(name))
}

/** A checkpoint can ask for an 8-bit cache: compressed-tensors by a scheme, ModelOpt by an algorithm. */
function kvCacheDtypeOf(raw: Config): string | null {
  const scheme = sectionOf(raw, 'kv_cache_scheme')
  if (scheme && (countOf(scheme, 'num_bits') ?? 8) === 8) return 'fp8'
  const algorithm =
    textOf(raw, 'kv_cache_quant_algo') ?? textOf(sectionOf(raw, 'quantization') ?? {}, 'kv_cache_quant_algo')
  const name = algorithm?.toUpperCase() ?? ''
  return name.includes('NVFP4') ? 'nvfp4' : name.includes('FP8') ? 'fp8' : null
}
