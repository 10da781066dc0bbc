/** Names by version, as an engine's own source lists them: versions, and what they have more and less than those of the row before. */
export type NameHistory = readonly (readonly [versions: string, added: string, gone: string])[]

/** `known` takes it, `absent` is a version whose list was read and lacks it, `unknown` one that nobody read. */
export type NameStanding =
  | { type: 'known' }
  | { type: 'absent'; names: readonly string[] }
  | { type: 'unknown'; newest: string }

/** Versions that were read, oldest first, with all names of each. */
export function namesByVersion(history: NameHistory): { version: string; names: readonly string[] }[] {
  let names: string[] = []
  return history.flatMap(([versions, added, gone]) => {
    const left = new Set(wordsOf(gone))
    const now = [...names.filter((name) => !left.has(name)), ...wordsOf(added)]
    names = now
    return wordsOf(versions).map((version) => ({ version, names: now }))
  })
}

/** Whether a version takes a name. What every list has, versions that nobody read are taken to have as well. */
export function standingOf(name: string, version: string, history: NameHistory): NameStanding {
  return standingBy((known) => known === name, version, history)
}

/** The same for names that have several spellings. */
export function standingBy(
  isName: (known: string, names: readonly string[]) => boolean,
  version: string,
  history: NameHistory,
): NameStanding {
  const read = namesByVersion(history)
  const own = read.find((one) => one.version === version)
  if (own !== undefined)
    return own.names.some((known) => isName(known, own.names))
      ? { type: 'known' }
      : { type: 'absent', names: own.names }
  const newest = read.at(-1)?.version
  if (newest === undefined) return { type: 'unknown', newest: '' }
  return read.every(({ names }) => names.some((known) => isName(known, names)))
    ? { type: 'known' }
    : { type: 'unknown', newest }
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
