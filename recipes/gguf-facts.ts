import { z } from 'zod'
import { poolings } from './tasks.ts'

/** What the header of a GGUF says of the model and how to talk to it. */
export const ggufFactsSchema = z.strictObject({
  architecture: z.string().min(1),
  parameterCount: z.number().int().nonnegative(),
  /** Kind of quantisation as llama.cpp names it, e.g. Q4_K_M; null for a number that ingot does not know. */
  fileType: z.string().nullable(),
  chatTemplate: z.string().optional(),
  bosToken: z.string().optional(),
  eosToken: z.string().optional(),
  /** The model among several GGUF files, where its header and not its name tells it. */
  file: z.string().optional(),
  /** Whether the tokenizer puts the first token; absent where the file does not say, and in locks of versions before it. */
  addsBos: z.boolean().optional(),
  /** The file that turns images or sound into embeddings. */
  projector: z.string().optional(),
  /** How it makes one vector or score of a text; absent where the header says nothing, and in locks of versions before it. */
  pooling: z.enum(poolings).optional(),
})

export type GgufFacts = z.infer<typeof ggufFactsSchema>
