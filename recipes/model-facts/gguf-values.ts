export type Reader = (key: string) => unknown

/** A number, or the one at `index` where the header gives a value for each layer. */
export function numberAt(value: unknown, index: number): number | undefined {
  const one = Array.isArray(value) ? (value[index] ?? value.at(-1)) : value
  return typeof one === 'number' || typeof one === 'bigint' ? Number(one) : undefined
}

/** The largest of a list, as buffers are as large as the widest layer needs. */
export function largestAt(value: unknown): number {
  return Array.isArray(value) ? Math.max(0, ...value.map(Number)) : (numberAt(value, 0) ?? 0)
}

export interface GgufHeader {
  architecture: string
  read: Reader
}
