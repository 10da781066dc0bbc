/** A file that stays without a part of its bytes. */
export interface RewrittenFile {
  /** Absolute in the image. */
  path: string
  gpuCodeBytes: number
  symbolBytes: number
}
