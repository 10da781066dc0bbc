import { formatMs } from '../../lib/duration.ts'
import type { BootReport } from '../boot/boot-report.ts'
import { withoutNumbers } from '../boot/missing-words.ts'
import { type GatePart, gatePart } from './result.ts'

/** How much slower a start may be: the ratio of the medians. */
export const mostStartUpRatio = 1.05

/** Greedy answers of every boot of the slim image are those of the stock image, token for token. */
export function judgeAnswers(stock: readonly BootReport[], slim: readonly BootReport[]): GatePart {
  const expected = new Map(stock.flatMap(({ answers }) => answers).map((item) => [item.prompt, item]))
  const given = slim.flatMap(({ answers }) => answers)
  const unstable = stock
    .flatMap(({ answers }) => answers)
    .filter(({ prompt, answer }) => expected.get(prompt)?.answer !== answer)
  const differing = given.filter(({ prompt, answer, tokens }) => {
    const known = expected.get(prompt)
    return known?.answer !== answer || known.tokens !== tokens
  })
  const complete = expected.size > 0 && given.length === expected.size * slim.length
  return gatePart('answers', {
    good: complete && differing.length === 0,
    found: complete
      ? `${given.length - differing.length} of ${given.length} greedy answers are those of the stock image`
      : `${given.length} answers of ${slim.length} boots to ${expected.size} prompts: some are missing`,
    details: [
      ...differing.map(
        ({ prompt, answer }) => `"${prompt}": stock "${expected.get(prompt)?.answer}", slim "${answer}"`,
      ),
      ...unstable.map(({ prompt }) => `the stock image itself answers "${prompt}" in more than one way`),
    ],
  })
}

export interface StartUp {
  stockMs: number
  slimMs: number
  ratio: number
}

/** Medians over all boots; null when some boot was never ready. */
export function startUpOf(stock: readonly BootReport[], slim: readonly BootReport[]): StartUp | null {
  const [stockMs, slimMs] = [stock, slim].map((boots) => medianReady(boots))
  if (typeof stockMs !== 'number' || typeof slimMs !== 'number') return null
  return { stockMs, slimMs, ratio: slimMs / stockMs }
}

export function judgeStartUp(stock: readonly BootReport[], slim: readonly BootReport[]): GatePart {
  const startUp = startUpOf(stock, slim)
  const times = (boots: readonly BootReport[]) =>
    boots.map(({ readyAfterMs }) => (readyAfterMs === null ? 'never' : formatMs(readyAfterMs))).join(', ')
  const details = [`slim: ${times(slim)}`, `stock: ${times(stock)}`]
  if (startUp === null)
    return gatePart('start-up', { good: false, found: 'some boot was never ready', details })
  const { stockMs, slimMs, ratio } = startUp
  return gatePart('start-up', {
    good: ratio <= mostStartUpRatio,
    found: `${formatMs(slimMs)} against ${formatMs(stockMs)}, ${ratio.toFixed(2)} of stock (medians of ${slim.length} and ${stock.length} boots)`,
    details,
  })
}

/** The slimmed server says of nothing that it is missing which stock has not said. */
export function judgeMissing(stock: readonly BootReport[], slim: readonly BootReport[]): GatePart {
  const linesOf = (boots: readonly BootReport[]) => {
    const lines = boots.flatMap(({ missing = [] }) => missing)
    return new Map(lines.map((line) => [withoutNumbers(line), line]))
  }
  const [known, said] = [linesOf(stock), linesOf(slim)]
  const added = [...said].filter(([key]) => !known.has(key)).map(([, line]) => line)
  const both = [...said].filter(([key]) => known.has(key)).map(([, line]) => `stock says it too: ${line}`)
  return gatePart('missing', {
    good: added.length === 0,
    found: `${said.size} lines of the slimmed server's logs say that something is missing, ${known.size} of stock's, ${added.length} in the slimmed one alone`,
    details: [...added, ...both],
  })
}

function medianReady(boots: readonly BootReport[]): number | null {
  const times = boots.map(({ readyAfterMs }) => readyAfterMs)
  if (times.length === 0 || times.includes(null)) return null
  const sorted = times.filter((time) => time !== null).sort((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = 0, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}
