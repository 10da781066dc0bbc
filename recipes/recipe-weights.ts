import { z } from 'zod'
import { quantizationSchema } from './quantization.ts'
import { deliveries, weightsSourceSchema } from './weights.ts'

/** What a recipe says of its weights: where they come from, and how they reach the server. */
export const deliveredWeights = z
  .strictObject({
    source: weightsSourceSchema.describe('Where the files come from'),
    quantize: quantizationSchema
      .optional()
      .describe('Makes a GGUF of fewer bits out of that of the source, by Debian’s llama-quantize'),
    delivery: z
      .enum(deliveries)
      .default('baked')
      .describe(
        'baked: layers of the image; mounted: read-only mount; hf-cache: a named volume in Hub layout; artifact: an OCI image of their own',
      ),
    modelcar: z
      .boolean()
      .default(false)
      .describe(
        'With artifact: one more image of the weights, with the programs that KServe starts in a modelcar',
      ),
    modelPack: z
      .enum(['tar', 'raw'])
      .optional()
      .describe(
        'With artifact: what the layers of the ModelPack are. tar: those of the image of the weights; raw: the files themselves, for runtimes that unpack nothing. Default: tar',
      ),
  })
  .refine(({ delivery, quantize }) => quantize === undefined || delivery !== 'hf-cache', {
    path: ['delivery'],
    message: 'baked, mounted or artifact: the Hub has no file that is quantised here',
  })
  .refine(({ delivery, modelcar }) => !modelcar || delivery === 'artifact', {
    path: ['modelcar'],
    message: 'false, or `delivery: artifact` beside it',
  })
  .refine(({ delivery, modelPack }) => modelPack === undefined || delivery === 'artifact', {
    path: ['modelPack'],
    message: 'left out, or `delivery: artifact` beside it',
  })
