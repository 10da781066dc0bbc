/** Memory as planned before the build, by part. */
export interface PredictedMemory {
  /** `gpu` is the fullest of the GPUs. */
  of: 'gpu' | 'host'
  /** What the server lets itself use, or what there is; null where nothing limits it. */
  limitBytes: number | null
  parts: { cause: string; sizeBytes: number }[]
  /** The verdict that `target.fit: warn` overruled; absent where nothing was overruled. */
  overruled?: string
  /** What the hardware allows one short sequence at the most; absent where nothing is known of it, as of a CPU. */
  bound?: { tokensPerSecond: number; firstTokenMs: number; promptTokens: number }
}
