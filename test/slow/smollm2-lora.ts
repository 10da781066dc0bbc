const [width, feedForward, blocks, rank] = [576, 1536, 30, 4]

/** A LoRA of SmolLM2-135M in the form of PEFT, with a visible effect: files by name. The same bytes each time. */
export function loraOfSmollm2(): Record<string, Uint8Array> {
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: 'smollm2-135m-instruct',
    r: rank,
    lora_alpha: 2 * rank,
    lora_dropout: 0,
    bias: 'none',
    target_modules: ['q_proj', 'down_proj'],
    inference_mode: true,
  }
  return {
    'adapter_config.json': Buffer.from(JSON.stringify(config)),
    'adapter_model.safetensors': safetensors(tensors()),
  }
}

interface Tensor {
  name: string
  shape: readonly [number, number]
  values: Float32Array
}

function tensors(): Tensor[] {
  const next = numbers()
  const tensor = (name: string, rows: number, columns: number): Tensor => ({
    name,
    shape: [rows, columns],
    values: Float32Array.from({ length: rows * columns }, () => next() * 0.05),
  })
  return Array.from({ length: blocks }, (_, block) => `base_model.model.model.layers.${block}`).flatMap(
    (layer) => [
      tensor(`${layer}.self_attn.q_proj.lora_A.weight`, rank, width),
      tensor(`${layer}.self_attn.q_proj.lora_B.weight`, width, rank),
      tensor(`${layer}.mlp.down_proj.lora_A.weight`, rank, feedForward),
      tensor(`${layer}.mlp.down_proj.lora_B.weight`, width, rank),
    ],
  )
}

/** The same numbers each time, spread evenly with variance 1: a linear congruential generator (Numerical Recipes). */
function numbers(): () => number {
  let state = 7
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state / 2 ** 32 - 0.5) * Math.sqrt(12)
  }
}

/** Eight bytes of the length of a header in JSON, the header, and the numbers one after the other. */
function safetensors(list: readonly Tensor[]): Uint8Array {
  let at = 0
  const header = Object.fromEntries(
    list.map(({ name, shape, values }) => {
      const begin = at
      at += values.byteLength
      return [name, { dtype: 'F32', shape, data_offsets: [begin, at] }]
    }),
  )
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, ...list.map(({ values }) => Buffer.from(values.buffer))])
}
