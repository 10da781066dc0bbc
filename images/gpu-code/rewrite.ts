import type { ElfFile } from '../elf/file.ts'
import { type Hole, holesIn } from '../elf/holes.ts'
import type { ByteReader } from '../elf/reader.ts'
import { type ByteSpan, withEdits } from '../elf/spans.ts'
import { splitAtHoles } from '../elf/split.ts'
import { droppedSections } from '../elf/symbols.ts'
import { compact } from './compact.ts'
import type { GpuTargets } from './keep.ts'
import { type CodePlan, planCode } from './plan.ts'

/** `holes`: freed pages leave the file; `zeros`: every byte keeps its offset and only compressed layers shrink. */
export type Shrinking = 'holes' | 'zeros'

/** Whether symbol tables and debug sections stay. */
export type Symbols = 'kept' | 'dropped'

export interface RewriteOptions {
  /** Default: holes. */
  shrinking?: Shrinking
  /** Default: kept. */
  symbols?: Symbols
}

export interface Rewrite {
  code: CodePlan
  /** The new file; null when nothing goes. */
  spans: ByteSpan[] | null
  /** Bytes of GPU code that become zeros or leave the file. */
  freedBytes: number
  /** Bytes of symbol tables and debug sections that leave the file. */
  symbolBytes: number
  holes: Hole[]
}

/** The new form of one file for its targets. Reads headers, tables and data sections, no payload. */
export async function planRewrite(
  reader: ByteReader,
  elf: ElfFile,
  targets: GpuTargets,
  { shrinking = 'holes', symbols = 'kept' }: RewriteOptions = {},
): Promise<Rewrite> {
  const code = targets === 'any' ? { plans: [], pinned: [] } : await planCode(reader, elf, targets)
  const compactions = code.plans.flatMap((plan) => compact(plan) ?? [])
  const dropped = symbols === 'dropped' ? droppedSections(elf) : []
  if (compactions.length === 0 && dropped.length === 0)
    return { code, spans: null, freedBytes: 0, symbolBytes: 0, holes: [] }
  const whole: ByteSpan[] = [{ type: 'copy', from: 0, length: reader.sizeBytes }]
  const spans = withEdits(
    whole,
    compactions.map(({ edit }) => edit),
  )
  const freed = compactions.map(({ freed }) => freed)
  const holes = shrinking === 'holes' ? holesIn(elf, freed) : []
  return {
    code,
    spans: splitAtHoles(elf, spans, holes, dropped),
    freedBytes: freed.reduce((sum, { start, end }) => sum + end - start, 0),
    symbolBytes: dropped.reduce((sum, { range }) => sum + range.end - range.start, 0),
    holes,
  }
}
