import { packedBits } from '../../recipes/model-facts/quantization.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'

const elementBytes: Readonly<Record<string, number>> = {
  float32: 4,
  float: 4,
  f32: 4,
  bfloat16: 2,
  bf16: 2,
  float16: 2,
  half: 2,
  f16: 2,
  fp16: 2,
  fp8: 1,
  fp8_e4m3: 1,
  fp8_e5m2: 1,
  fp8_inc: 1,
  float8_e4m3fn: 1,
  fp8_e4m3fn: 1,
  int8: 1,
  fp8_per_token_head: 1,
  int8_per_token_head: 1,
  fp8_ds_mla: 1,
  nvfp4_ds_mla: 1,
  q8_0: 34 / 32,
  q5_1: 24 / 32,
  q5_0: 22 / 32,
  q4_1: 20 / 32,
  q4_0: 18 / 32,
  iq4_nl: 18 / 32,
}

/** Bytes of one element; undefined for a name that ingot does not know. */
export function bytesOfDtype(name: string): number | undefined {
  return elementBytes[name.toLowerCase()]
}

/** Bytes of an activation and of an unpacked weight. `auto` follows the checkpoint; vLLM loads fp32 ones as fp16. */
export function modelDtypeOf(facts: ModelFacts, asked: string | undefined): string {
  if (asked && asked !== 'auto') return asked === 'half' ? 'float16' : asked
  const own = facts.dtype ?? 'bfloat16'
  return own === 'float32' || bytesOfDtype(own) === undefined || bytesOfDtype(own) === 1 ? 'float16' : own
}

/**
 * Bits per packed weight for a method that the command line names; undefined where the name
 * is not a method, null where the checkpoint itself must say.
 */
export function bitsOfMethod(name: string): number | undefined {
  const methods: Readonly<Record<string, number>> = {
    fp8: 8,
    w8a8: 8,
    int8: 8,
    awq: packedBits(4, 128, false),
    gptq: packedBits(4, 128, false),
    gptq_marlin: packedBits(4, 128, false),
    awq_marlin: packedBits(4, 128, false),
    w4a16: packedBits(4, 128, true),
    int4: packedBits(4, 128, false),
    mxfp4: 4.25,
    mxfp6: 6.25,
    w8a16: packedBits(8, 128, true),
    modelopt_mxfp8: 8.25,
    modelopt: 8,
    modelopt_fp8: 8,
    fp8_per_tensor: 8,
    fp8_per_block: 8,
    fp8_per_channel: 8,
    int8_per_channel_weight_only: 8,
    w8a8_int8: 8,
    w8a8_fp8: 8,
    mxfp8: 8.25,
    nvfp4_per_token: 4.5,
    nvfp4_online: 4.5,
    nvfp4: 4.5,
    modelopt_fp4: 4.5,
    bitsandbytes: 4.5,
    none: 16,
  }
  return methods[name.toLowerCase()]
}

/** Cache bytes of one head: `perVector` for one key or value of `dim` elements. */
export interface CacheFormat {
  name: string
  perVector: (dim: number) => number
  /** Key and value of one head together, where they are packed into one slot. */
  perHead?: (keyDim: number, valueDim: number) => number
}

/** Bits of keys and values in TurboQuant's slots (`layers/quantization/turboquant/config.py`). */
const turboQuant: Readonly<Record<string, readonly [keyBits: number, valueBits: number]>> = {
  turboquant_k8v4: [8, 4],
  turboquant_4bit_nc: [4, 4],
  turboquant_k3v4_nc: [3, 4],
  turboquant_3bit_nc: [3, 3],
}

/** A norm of 2 bytes for packed keys, scale and zero of 4 for values; slots have an even number of bytes. */
function turboQuantSlot(
  [keyBits, valueBits]: readonly [number, number],
  keyDim: number,
  valueDim: number,
): number {
  const key = Math.ceil((keyDim * keyBits) / 8) + (keyBits === 8 ? 0 : 2)
  const value = Math.ceil((valueDim * valueBits) / 8) + 4
  return Math.ceil((key + value) / 2) * 2
}

/** Floats of 4 bits with a scale byte for 16: vLLM's two, and SGLang's under three names. */
const packedInSixteens = ['nvfp4', 'nvfp4_4over6', 'fp4_e2m1', 'fp4_mx_block16']

/**
 * How keys and values lie in the cache (vLLM's `v1/kv_cache_interface.py`). Per-token-head formats add one fp32 scale for each
 * key and value; NVFP4 keeps dim/2 bytes and one scale byte for 16 elements, UltraQuant one for 32, SGLang's MXFP8 one for 32 of 8 bits. Undefined for an unknown name.
 */
export function cacheFormatOf(name: string): CacheFormat | undefined {
  if (packedInSixteens.includes(name)) return { name, perVector: (dim) => dim / 2 + dim / 16 }
  if (name === 'ultraquant_4bit') return { name, perVector: (dim) => dim / 2 + dim / 32 }
  if (name === 'mxfp8') return { name, perVector: (dim) => dim + dim / 32 }
  if (name === 'int4_per_token_head') return { name, perVector: (dim) => dim / 2 + 4 }
  const bits = turboQuant[name]
  if (bits)
    return { name, perVector: (dim) => dim, perHead: (key, value) => turboQuantSlot(bits, key, value) }
  const bytes = bytesOfDtype(name)
  if (bytes === undefined) return undefined
  const scale = name.endsWith('per_token_head') ? 4 : 0
  return { name, perVector: (dim) => dim * bytes + scale }
}
