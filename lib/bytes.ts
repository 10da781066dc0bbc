import { LibError } from './error.ts'

const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const
const multipliers: Record<string, number> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
}

/** Bytes for a reader, in powers of 1000 as registries and disks count: `98.4 MB`. */
export function formatBytes(sizeBytes: number): string {
  const magnitude = Math.abs(sizeBytes)
  const power =
    magnitude < 1000 ? 0 : Math.min(Math.floor(Math.log10(magnitude) / 3), decimalUnits.length - 1)
  const value = sizeBytes / 1000 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${decimalUnits[power]}`
}

/** Bytes in powers of 1024, as GPU memory is counted: `14.99 GiB`. */
export function formatGiB(sizeBytes: number): string {
  return `${(sizeBytes / 1024 ** 3).toFixed(2)} GiB`
}

/**
 * Reads `10GB`, `512 MiB` or a plain number of bytes. Throws `bad-size` for anything else.
 */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]i?b|b)?$/i.exec(text.trim())
  const multiplier = match ? multipliers[(match[2] ?? 'b').toLowerCase()] : undefined
  if (!match || multiplier === undefined)
    throw new LibError('bad-size', {
      attempted: `read "${text}" as a size`,
      found: 'it is not a number with a unit',
      hint: 'write it as 10GB (powers of 1000), 512MiB (powers of 1024) or a whole number of bytes',
    })
  return Math.round(Number(match[1]) * multiplier)
}
