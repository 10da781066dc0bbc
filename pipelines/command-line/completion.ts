import type { Option } from './option-table.ts'

/** What scripts for every shell read out of the tables. */

/** What a shell offers for a value or positional of this name; undefined where it knows nothing to offer. */
export function completionKind(name: string | undefined): 'file' | 'folder' | undefined {
  const parts = name?.split(/[| ]/) ?? []
  if (parts.some((part) => ['FILE', 'RECIPE', 'MODEL', 'KEY', 'BEFORE'].includes(part))) return 'file'
  return parts.includes('FOLDER') ? 'folder' : undefined
}

/** Values that are known beforehand. */
export function choicesOf({ values, known }: Option): readonly string[] {
  return values ?? known ?? []
}

export function spellingsOf(name: string, { aliases = [] }: Option): string[] {
  return [name, ...aliases]
}
