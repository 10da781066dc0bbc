/** A parsed config.json, or a section of one. */
export type Config = Readonly<Record<string, unknown>>

export function isConfig(value: unknown): value is Config {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
