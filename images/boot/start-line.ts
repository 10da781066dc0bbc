/** A figure that a server's log gives of a part of its start. */
export interface StartWords {
  step: 'load weights' | 'compile' | 'warm-up'
  /** A regular expression over one line; its first group is a number of seconds. */
  line: string
  /** A step that the figure counts as well, and that has a figure of its own. */
  holds?: 'compile'
  /** Where the words were read. */
  source: string
}

/** Steps from an empty node to the first token, in their order. */
export const startSteps = [
  'pull and unpack',
  'container',
  'import and start',
  'load weights',
  'compile',
  'warm-up',
  'first token',
] as const

export interface StartStep {
  step: (typeof startSteps)[number]
  /** Null where nothing tells it apart. */
  ms: number | null
  /** Why not, or what is counted with it; absent where there is nothing to say. */
  note?: string
}

/** What a boot measured of its start, in milliseconds. */
export interface MeasuredStart {
  /** Null where the runner pulls and unpacks as a part of making the container. */
  pullMs: number | null
  /** Without `pullMs`. */
  containerMs: number
  /** From then until the named model generated a token; null for a server that was never ready. */
  readyMs: number | null
  firstTokenMs: number | null
}

/**
 * The time line of a start. What the log gives no figure for is counted with `import and start`, which is the rest of the time
 * until the server was ready: its steps follow each other in one process.
 */
export function startLine(
  { pullMs, containerMs, readyMs, firstTokenMs }: MeasuredStart,
  log: string,
  words: readonly StartWords[],
): StartStep[] {
  const told = toldSteps(log, words)
  const unmeasured = readyMs === null ? 'the server was never ready' : 'its log gives no figure'
  const stepOf = (step: StartStep['step'], ms: number | null | undefined, note: string): StartStep =>
    ms === null || ms === undefined ? { step, ms: null, note } : { step, ms: tenths(ms) }
  const known = [...told.values()].reduce((sum, ms) => sum + ms, 0) + (firstTokenMs ?? 0)
  return [
    stepOf('pull and unpack', pullMs, 'the engine does both while it makes the container'),
    stepOf('container', containerMs, ''),
    {
      ...stepOf('import and start', readyMs === null ? null : Math.max(0, readyMs - known), unmeasured),
      ...(readyMs !== null && told.size < 3 && { note: 'with all that the log gives no figure for' }),
    },
    ...(['load weights', 'compile', 'warm-up'] as const).map((step) =>
      stepOf(step, told.get(step), unmeasured),
    ),
    stepOf('first token', firstTokenMs, 'no token was timed'),
  ]
}

/** Several ranks or captures may say the same words: ranks work side by side, so the longest counts; a total holds what it holds once. */
function toldSteps(log: string, words: readonly StartWords[]): Map<StartWords['step'], number> {
  const told = new Map<StartWords['step'], number>()
  for (const { step, line } of words) {
    const found = [...log.matchAll(new RegExp(line, 'gm'))].map((match) => Number(match[1]) * 1000)
    if (found.length > 0) told.set(step, Math.max(told.get(step) ?? 0, ...found))
  }
  for (const { step, holds } of words) {
    const [whole, part] = [told.get(step), holds && told.get(holds)]
    if (whole !== undefined && part !== undefined) told.set(step, Math.max(0, whole - part))
  }
  return told
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
