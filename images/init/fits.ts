import type { ModelOffer } from './offer.ts'
import { type InitWishes, type Proposal, propose } from './propose.ts'

/** Cards that people rent and own most. */
export const commonGpus = [
  't4',
  'rtx-3060',
  'a10g',
  'l4',
  'rtx-4090',
  'rtx-5090',
  'l40s',
  'a100-40gb',
  'a100-80gb',
  'h100',
  'h200',
  'b200',
] as const

/** What suits one card, null where nothing does. */
export interface FitRow {
  gpu: string
  proposal: Proposal | null
}

/** Which engine and precision fits which common card, each with as few of the cards as do. */
export function fitsOf(offer: ModelOffer, wishes: InitWishes): FitRow[] {
  return commonGpus.map((gpu) => {
    const found = propose(offer, { gpu, count: 1 }, wishes)
    return { gpu, proposal: 'reasons' in found ? null : found }
  })
}

const heads = ['card', 'engine', 'weights', 'context', 'users']

/** The table as text. `users` are sequences of the whole context at once. */
export function fitsText(rows: readonly FitRow[]): string {
  const cells = [heads, ...rows.map(cellsOf)]
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

function cellsOf({ gpu, proposal }: FitRow): string[] {
  if (proposal === null) return [gpu, 'nothing fits, on up to eight of them']
  const { choices, precision, users, planned } = proposal
  const { count } = choices.place
  return [
    count === 1 ? gpu : `${count} x ${gpu}`,
    choices.engine.id,
    precision,
    choices.contextLength === undefined ? 'the model’s own' : String(choices.contextLength),
    planned === undefined ? 'nobody can tell' : String(users),
  ]
}
