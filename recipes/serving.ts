import { z } from 'zod'
import { limits, text, texts, words } from './limits.ts'
import { count, size } from './quantities.ts'

const tokens = count(limits.tokens)

const ollamaTemplate = z.strictObject({
  text: text(limits.value)
    .min(1)
    .describe(
      'Go template text, as after TEMPLATE in a Modelfile; the special token that begins a text is left out',
    ),
  stop: z
    .array(words)
    .max(limits.prompts)
    .default([])
    .describe('Texts that end an answer, besides the last tokens that the model itself names'),
})

/** How the server is run: keys become flags of the engine. */
export const serving = z.strictObject({
  contextLength: tokens
    .optional()
    .describe('Tokens of one sequence, prompt and answer together. Default: what the model declares'),
  parallelism: count(limits.sequences).default(1).describe('Sequences served at the same time'),
  dtype: z.enum(['auto', 'float32', 'float16', 'bfloat16']).default('auto').describe('Type of computation'),
  quantization: words.optional().describe("Quantisation in the engine's words, e.g. gptq, awq, fp8, Q4_K_M"),
  kvCacheDtype: words.optional().describe("Type of the KV cache in the engine's words"),
  tensorParallel: count(limits.gpus).default(1).describe('GPUs that one model is split over'),
  nodes: count(limits.nodes)
    .default(1)
    .describe(
      'Machines that one model is split over, with llama.cpp: so many workers hold its layers, and a server asks them',
    ),
  gpuMemoryUtilization: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe('Share of GPU memory the server may take'),
  maxInputTokens: tokens
    .optional()
    .describe('Longest prompt in tokens, where the engine limits it apart from the context'),
  maxPrefillTokens: tokens.optional().describe('Tokens processed in one prefill step'),
  port: z
    .number()
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe("Port the server listens on. Default: the engine's own"),
  apiKey: z
    .union([
      z.boolean(),
      z
        .string()
        .max(limits.nameLength)
        .regex(
          /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
          'lower-case letters, digits and - as in a name of Kubernetes',
        ),
    ])
    .default(false)
    .describe(
      'true: the server answers only who has a key, which it gets when it is started; never a key itself. A text: the same, and the name of the secret in run files; default NAME-api-key',
    ),
  sharedMemory: size
    .optional()
    .describe(
      'Size of /dev/shm the server needs. Default: 64 MiB, and by engine and GPUs where several compute',
    ),
  extraArguments: z
    .array(text(limits.value).min(1))
    .max(limits.entries)
    .default([])
    .describe(
      "Arguments appended to the server's command line as they are, flag and value as items of their own; none that ingot itself sets",
    ),
  ollamaTemplate: ollamaTemplate
    .optional()
    .describe("Chat template in Ollama's own form, in place of what ingot makes of the model's"),
  environment: texts(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and _ that begins with no digit'),
  )
    .default({})
    .describe('Further environment variables; no secrets, and none that ingot itself sets'),
})
