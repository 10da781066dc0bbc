/** What a small shared object made by hand holds. */
export interface CraftedLibrary {
  containers: readonly Buffer[]
  /** Containers kept in `.data`, as libcurand keeps them. */
  dataContainers?: readonly Buffer[]
  needed?: readonly string[]
  soName?: string
  runPath?: string
  /** `p_align` of the loaded segments; ld of 2018 wrote 2 MiB, newer ones 4 KiB. */
  alignment?: number
  type?: number
  machine?: number
  /** Further pointers, as distances from the start of the first container. */
  pointers?: readonly number[]
}
