/**
 * Model types whose cache this planner knows. A prefix stands for a family (`qwen3_next` and `qwen3_moe` are of `qwen`);
 * what a family keeps per layer is read from its keys, so a newer member with the same keys is read right.
 */
const familyPrefixes = [
  'llama',
  'mllama',
  'mistral',
  'ministral',
  'pixtral',
  'mixtral',
  'devstral',
  'voxtral',
  'qwen',
  'qwq',
  'gemma',
  'paligemma',
  'phi',
  'deepseek',
  'kimi',
  'gpt_oss',
  'gpt2',
  'gpt_neo',
  'gpt_bigcode',
  'gptj',
  'bloom',
  'mpt',
  'falcon',
  'refinedweb',
  'opt',
  'stablelm',
  'starcoder2',
  'internlm',
  'internvl',
  'baichuan',
  'yi',
  'cohere',
  'aya_vision',
  'command',
  'olmo',
  'flex_olmo',
  'granite',
  'bamba',
  'jamba',
  'mamba',
  'zamba2',
  'nemotron',
  'minimax',
  'glm',
  'chatglm',
  'ernie',
  'exaone',
  'solar',
  'smollm',
  'smolvlm',
  'idefics3',
  'seed_oss',
  'dbrx',
  'arctic',
  'apertus',
  'dots1',
  'hunyuan',
  'lfm2',
  'mimo',
  'minicpm',
  'llava',
  'molmo',
  'nanonets',
  'orion',
  'persimmon',
  'plamo2',
  'starcoder',
  'codellama',
  'whisper',
  'bart',
  'bert',
  'roberta',
  'xlm-roberta',
  'modernbert',
  'distilbert',
  'electra',
  'mpnet',
  'nomic_bert',
  'xverse',
  'zephyr',
  'afmoe',
  'bailing',
  'longcat',
  'step3',
  'inkling',
  'hy_v3',
  'hy_v4',
  'youtu',
  'axk1',
  'helium',
  'arcee',
  'grok',
]

/** Prefixes of types, some of a known family, whose cache follows rules of its own that this planner does not have. */
const unknownCaches: Readonly<Record<string, string>> = {
  minicpm_sala: 'how its sparse and linear layers share the cache',
  phi4flash: 'which layers share the cache of its decoder-decoder design',
  recurrent_gemma: 'the state of its RG-LRU layers in each engine',
  rwkv: 'the state of its time-mix layers in each engine',
}

/** Families with two feed-forward matrices instead of the gated three. */
const plainFeedForward = [
  'gpt2',
  'gpt_neo',
  'gpt_neox',
  'gpt_bigcode',
  'gptj',
  'bloom',
  'mpt',
  'falcon',
  'refinedweb',
  'opt',
  'phi',
  'phi-msft',
  'starcoder2',
  'nemotron',
  'nemotron_h',
  'persimmon',
  'whisper',
  'apertus',
  'arcee',
]

export function isKnownFamily(modelType: string): boolean {
  const type = modelType.toLowerCase()
  return familyPrefixes.some((prefix) => type.startsWith(prefix)) && unknownCacheOf(type) === undefined
}

/** What nobody has taught the planner about this type, or undefined. */
export function unknownCacheOf(modelType: string): string | undefined {
  const type = modelType.toLowerCase()
  return Object.entries(unknownCaches).find(([prefix]) => type.startsWith(prefix))?.[1]
}

export function hasGatedFeedForward(modelType: string): boolean {
  return !plainFeedForward.includes(modelType.toLowerCase())
}
