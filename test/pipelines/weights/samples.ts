import { createCipheriv, createHash } from 'node:crypto'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import type { SourceContext } from '../../../pipelines/weights/source.ts'

/** Retries at once and few times, so that a test of a failure is over soon. */
export function contextFor(environment: Record<string, string> = {}): SourceContext {
  return {
    recipeFolder: '/',
    settings: readSettings({ PATH: process.env['PATH'], HOME: '/nonexistent', ...environment }),
    retry: { attempts: 3, firstDelayMs: 5, maxDelayMs: 20 },
    stallMs: 300,
  }
}

/** Bytes that look random and are the same in every run. */
export function sampleBytes(sizeBytes: number, seed: string): Buffer {
  const key = createHash('md5').update(seed).digest()
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes))
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A safetensors file with tensors `PREFIX.0`, `PREFIX.1`, … of 250,000 random floats each. */
export function safetensorsOf(prefix: string, count: number): Buffer {
  const tensors = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `${prefix}.${i}`,
      { dtype: 'F32', shape: [250_000], data_offsets: [i * 1e6, (i + 1) * 1e6] },
    ]),
  )
  const json = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' }, ...tensors }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, sampleBytes(count * 1e6, prefix)])
}
