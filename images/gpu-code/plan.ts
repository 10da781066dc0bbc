import type { ElfFile } from '../elf/file.ts'
import type { ByteReader } from '../elf/reader.ts'
import { addressesNamed, hasPackedRelocations } from '../elf/relocations.ts'
import type { Architecture } from './architecture.ts'
import type { CodeContainer } from './container.ts'
import { findContainers } from './find.ts'
import { type ContainerPlan, decide } from './keep.ts'

/** Decisions for every container of a file. `pinned` containers are left alone, with the reason. */
export interface CodePlan {
  plans: ContainerPlan[]
  pinned: CodeContainer[]
}

/**
 * What goes and what stays in one file. Containers that a pointer enters anywhere but at the start stay whole, since
 * entries move inside a container, and so do all containers of a file whose pointers cannot all be read. None of seven
 * wheels has either.
 */
export async function planCode(
  reader: ByteReader,
  elf: ElfFile,
  targets: readonly Architecture[],
): Promise<CodePlan> {
  const containers = await findContainers(reader, elf)
  if (containers.length === 0) return { plans: [], pinned: [] }
  const entered = await enteredContainers(reader, elf, containers)
  return {
    plans: containers
      .filter((container) => !entered.has(container))
      .map((container) => ({ container, decisions: decide(container, targets) })),
    pinned: [...entered],
  }
}

async function enteredContainers(
  reader: ByteReader,
  elf: ElfFile,
  containers: readonly CodeContainer[],
): Promise<Set<CodeContainer>> {
  if (hasPackedRelocations(elf)) return new Set(containers)
  const entered = new Set<CodeContainer>()
  const starts = containers.map((container) => container.offset)
  const first = starts[0] ?? 0
  // Many of libcublasLt's 363,241 relocations name code and data before the first container.
  for await (const offsets of addressesNamed(reader, elf))
    for (const offset of offsets.filter((offset) => offset >= first)) {
      const container = containers[lastAtOrBefore(starts, offset)]
      if (container && offset !== container.offset && offset < container.offset + container.sizeBytes)
        entered.add(container)
    }
  return entered
}

/** Index of the last of sorted numbers that is not above `value`; -1 when all are. */
function lastAtOrBefore(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}
