/** Every label and annotation of ingot's own, by what it says. */
export const labelNames = {
  /** Plan digest of the image. */
  plan: 'dev.ingot.plan',
  /** `ID@VERSION`. */
  engine: 'dev.ingot.engine',
  /** Digest over the set of weight files. */
  weights: 'dev.ingot.weights',
  delivery: 'dev.ingot.weights.delivery',
  /** Folder that mounted weights belong into, and what must be there. */
  weightsFolder: 'dev.ingot.weights.folder',
  weightsFiles: 'dev.ingot.weights.files',
  /** Where each packed file lies in the layers. */
  packedFiles: 'dev.ingot.weights.packed',
  /** Annotation of a layer: the key that it was packed under. */
  layerKey: 'dev.ingot.weights.key',
  memoryGpu: 'dev.ingot.memory.gpu',
  memoryFits: 'dev.ingot.memory.fits',
  memoryWeights: 'dev.ingot.memory.weights-bytes',
  memoryTokens: 'dev.ingot.memory.kv-tokens',
  memoryLength: 'dev.ingot.memory.max-model-len',
} as const
