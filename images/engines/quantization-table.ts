/** Names that versions of an engine take, as their own source lists them; versions that take the same stand together. */
export type QuantizationTable = readonly { versions: readonly string[]; names: readonly string[] }[]

/** The same as what versions added and removed beside those before them; the first adds all of its own. */
export type QuantizationChanges = readonly {
  versions: readonly string[]
  added: readonly string[]
  removed: readonly string[]
}[]

export function quantizationTableOf(changes: QuantizationChanges): QuantizationTable {
  const now = new Set<string>()
  return changes.map(({ versions, added, removed }) => {
    for (const name of removed) now.delete(name)
    for (const name of added) now.add(name)
    return { versions, names: [...now].sort() }
  })
}

/** What is known of an engine's quantisations. */
export interface Quantizations {
  /** Lowest compute capability by name, where it is known. */
  least: Readonly<Record<string, number>>
  /** Names by version; null where the engine has no such setting to read a list of, and empty where nobody read one. */
  table: QuantizationTable | null
  /** Methods by which a checkpoint may be packed, where they are others than those of the setting. */
  checkpoints?: readonly string[]
}
