import { type Architecture, architectureNumber, compilesFor, isEmbedded, runsOn } from './architecture.ts'
import type { CodeContainer, CodeEntry } from './container.ts'

/** GPUs that code must stay for: none leaves none of it, `any` all. */
export type GpuTargets = readonly Architecture[] | 'any'

/**
 * Why an entry stays or goes. `native`: machine code of the target; `compatible`: the best lower one of its major;
 * `compiled`: PTX that the driver compiles on the target because there is nothing else; `not-understood`: neither cubin
 * nor PTX; `cannot-run`: no target can load it; `never-chosen`: a target could, but has something better here.
 */
export type CodeVerdict =
  | { keep: true; why: 'native' | 'compatible' | 'compiled' | 'not-understood' }
  | { keep: false; why: 'cannot-run' | 'never-chosen' }

export interface Decision {
  entry: CodeEntry
  verdict: CodeVerdict
}

export interface ContainerPlan {
  container: CodeContainer
  decisions: Decision[]
}

type ChosenCode = Map<CodeEntry, 'native' | 'compatible' | 'compiled'>

const ranking = ['compiled', 'compatible', 'native'] as const

/** What one container must keep so that every target finds in it what it would have chosen from the whole. */
export function decide(container: CodeContainer, targets: readonly Architecture[]): Decision[] {
  const chosen: ChosenCode = new Map()
  for (const target of targets)
    for (const [entry, why] of choose(container.entries, target)) {
      const before = chosen.get(entry)
      if (before === undefined || ranking.indexOf(before) < ranking.indexOf(why)) chosen.set(entry, why)
    }
  return container.entries.map((entry) => ({ entry, verdict: verdictOf(entry, chosen, targets) }))
}

function verdictOf(entry: CodeEntry, chosen: ChosenCode, targets: readonly Architecture[]): CodeVerdict {
  if (entry.kind === 'other') return { keep: true, why: 'not-understood' }
  const why = chosen.get(entry)
  if (why) return { keep: true, why }
  const usable = targets.some((target) => isUsable(entry, target))
  return { keep: false, why: usable ? 'never-chosen' : 'cannot-run' }
}

/** Whether a GPU could load an entry if it stood alone. */
export function isUsable({ kind, architecture }: CodeEntry, target: Architecture): boolean {
  if (kind === 'other') return true
  return kind === 'cubin' ? runsOn(architecture, target) : compilesFor(architecture, target)
}

/**
 * The entries a target would use: cubins of the highest number that runs, with every suffix, since which of `sm_90` and
 * `sm_90a` wins is the driver's secret; without a cubin, PTX of the highest number that compiles.
 */
function choose(entries: readonly CodeEntry[], target: Architecture): ChosenCode {
  const usable = entries.filter((entry) => entry.kind !== 'other' && isUsable(entry, target))
  const cubins = highest(usable.filter((entry) => entry.kind === 'cubin'))
  const exact = cubins.some(
    ({ architecture }) => architectureNumber(architecture) === architectureNumber(target),
  )
  const choice: ChosenCode = new Map(cubins.map((entry) => [entry, exact ? 'native' : 'compatible']))
  // Lower machine code on an embedded GPU is not promised to run, so its PTX stays as well.
  if (cubins.length > 0 && (exact || !isEmbedded(target))) return choice
  for (const entry of highest(usable.filter((entry) => entry.kind === 'ptx'))) choice.set(entry, 'compiled')
  return choice
}

function highest(entries: readonly CodeEntry[]): CodeEntry[] {
  const top = Math.max(...entries.map((entry) => architectureNumber(entry.architecture)))
  return entries.filter((entry) => architectureNumber(entry.architecture) === top)
}
