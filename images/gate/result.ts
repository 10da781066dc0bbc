import type { Digest } from '../../lib/digest.ts'

/**
 * What the gate compares with the stock build of the same lock: whether every library still loads, every file that stays is
 * the same, the engine's modules import, the server knows every flag of its command line, greedy answers are equal, it starts as fast and
 * says of nothing more that it is missing, and the driver of a GPU compiles no more.
 */
export const gatePartIds = [
  'files',
  'loading',
  'imports',
  'flags',
  'answers',
  'start-up',
  'missing',
  'ptx',
] as const
export type GatePartId = (typeof gatePartIds)[number]

export interface GatePart {
  id: GatePartId
  /** `skipped`: an image of this kind has nothing of it, on any machine. */
  status: 'passed' | 'failed' | 'not run' | 'skipped'
  /** What was seen, or why nothing was tried, in one line. */
  found: string
  /** What differs, and what is no better in the stock image; the first of many. */
  details: string[]
}

/** `incomplete`: what ran has passed, and something could not run here. */
export type GateStatus = 'passed' | 'failed' | 'incomplete' | 'not run'

export interface GateResult {
  status: GateStatus
  /** The stock image that was booted; null where only files were compared. */
  stockImage: Digest | null
  parts: GatePart[]
}

export function gateStatusOf(all: readonly GatePart[]): GateStatus {
  const parts = all.filter(({ status }) => status !== 'skipped')
  if (parts.some(({ status }) => status === 'failed')) return 'failed'
  if (parts.every(({ status }) => status === 'not run')) return 'not run'
  return parts.every(({ status }) => status === 'passed') ? 'passed' : 'incomplete'
}

const mostDetails = 40

export function gatePart(
  id: GatePartId,
  outcome: { good: boolean; found: string; details?: readonly string[] },
): GatePart {
  const { good, found, details = [] } = outcome
  const more = details.length > mostDetails ? [`and ${details.length - mostDetails} more`] : []
  return {
    id,
    status: good ? 'passed' : 'failed',
    found,
    details: [...details.slice(0, mostDetails), ...more],
  }
}

export function notRun(id: GatePartId, why: string): GatePart {
  return { id, status: 'not run', found: why, details: [] }
}

export function skipped(id: GatePartId, why: string): GatePart {
  return { id, status: 'skipped', found: why, details: [] }
}

/** Lines for a terminal; one says so where an image was never compared. */
export function gateLines(gate: GateResult | undefined): string[] {
  if (gate === undefined) return ['gate: not run; `ingot gate RECIPE` compares with the stock image']
  return [
    `gate: ${gate.status}`,
    ...gate.parts.flatMap(({ id, status, found, details }) => [
      `  ${status.padEnd(7)} ${id}: ${found}`,
      ...(status === 'failed' ? details.map((detail) => `          ${detail}`) : []),
    ]),
  ]
}
