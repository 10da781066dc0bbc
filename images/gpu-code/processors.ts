/** Names of AMD's processors, as compilers write them: `gfx90a`, `gfx9-4-generic`. */
export function isProcessor(text: string): boolean {
  return /^gfx[0-9a-f]{3,4}$/.test(text)
}

/** Families by the name of their generic code, as LLVM lists them ("User Guide for AMDGPU Backend", generic processors). */
const generic: readonly (readonly [name: string, processors: RegExp])[] = [
  ['gfx9-generic', /^gfx90(0|2|4|6|9|c)$/],
  ['gfx9-4-generic', /^gfx9(4[0-2]|50)$/],
  ['gfx10-1-generic', /^gfx101[0-3]$/],
  ['gfx10-3-generic', /^gfx103[0-6]$/],
  ['gfx11-generic', /^gfx11(0[0-3]|5[0-3])$/],
  ['gfx12-generic', /^gfx120[01]$/],
]

/**
 * Whether a card of `wanted` takes code of a processor; generic code counts where there is none of the card's own. `gfx9xx` is code of an
 * old form for all of a generation.
 */
export function codeFor(
  present: readonly (string | null)[],
  wanted: readonly string[],
): (processor: string) => boolean {
  const taken = wanted.flatMap((processor) =>
    present.includes(processor)
      ? [processor]
      : generic.filter(([, members]) => members.test(processor)).map(([name]) => name),
  )
  const families = wanted.map((processor) => `${processor.slice(0, -2)}xx`)
  return (processor) => taken.includes(processor) || families.includes(processor)
}

/**
 * Processors by the low byte of a code object's flags (LLVM, "User Guide for AMDGPU Backend", AMDGPU ELF header `e_flags`: the values of
 * EF_AMDGPU_MACH_AMDGCN_*).
 */
const byMachine: Readonly<Record<number, string>> = {
  ...numbered(0x20, 'gfx600 gfx601 gfx700 gfx701 gfx702 gfx703 gfx704'),
  ...numbered(0x28, 'gfx801 gfx802 gfx803 gfx810 gfx900 gfx902 gfx904 gfx906 gfx908 gfx909 gfx90c'),
  ...numbered(0x33, 'gfx1010 gfx1011 gfx1012 gfx1030 gfx1031 gfx1032 gfx1033 gfx602 gfx705 gfx805'),
  ...numbered(0x3d, 'gfx1035 gfx1034 gfx90a gfx940 gfx1100 gfx1013 gfx1150 gfx1103 gfx1036 gfx1101'),
  ...numbered(0x47, 'gfx1102 gfx1200 gfx1250 gfx1151 gfx941 gfx942'),
  ...numbered(0x4e, 'gfx1201 gfx950'),
  ...numbered(0x51, 'gfx9-generic gfx10-1-generic gfx10-3-generic gfx11-generic gfx1152'),
  ...numbered(0x58, 'gfx1153 gfx12-generic'),
  ...numbered(0x5f, 'gfx9-4-generic'),
}

function numbered(first: number, names: string): Record<number, string> {
  return Object.fromEntries(names.split(' ').map((name, index) => [first + index, name]))
}

/** The processor that flags of a code object name; null for version 2, whose flags name none, and for numbers that are not known. */
export function processorOfFlags(flags: number): string | null {
  return byMachine[flags & 0xff] ?? null
}
