import { formatBytes } from '../../lib/bytes.ts'
import type { ComparedAnswer } from '../quality/answers.ts'
import type { MeasuredWeights, WeightsDivergence } from '../quality/divergence.ts'
import type { QualityReport } from '../quality/quality-report.ts'

/** What was compared and asked, in sentences. */
export function qualityWords({ answers, questions, perplexity, divergence }: QualityReport): string[] {
  const right = questions.filter((one) => one.right).length
  return [
    ...(answers === undefined ? [] : [answersWords(answers)]),
    ...(questions.length === 0 ? [] : [`${right} of ${questions.length} questions were answered rightly.`]),
    ...(perplexity === undefined ? [] : [perplexityWords(perplexity)]),
    ...(divergence === undefined ? [] : [divergenceWords(divergence)]),
  ]
}

function answersWords({ file, before, why, answers }: NonNullable<QualityReport['answers']>): string {
  const same = answers.filter(({ status }) => status === 'same').length
  const machine =
    why.length === 0
      ? 'on a machine as the one that gave them'
      : `nothing follows from a difference: ${why.join('; ')}`
  return `${same} of ${answers.length} answers are those of ${file} by ${before.slice(0, 19)}, ${machine}.`
}

function perplexityWords(perplexity: NonNullable<QualityReport['perplexity']>): string {
  const { value, uncertainty, file, contextTokens, chunks, program, textSha256 } = perplexity
  const length = chunks === null ? 'the whole text' : `${chunks} pieces`
  return `Perplexity ${value} +/- ${uncertainty} over ${file} (sha256 ${textSha256.slice(0, 12)}, ${length}, ${contextTokens} tokens at once), by ${program}.`
}

function divergenceWords(divergence: WeightsDivergence): string {
  const { mean, median, p99, most, sameTop, reference } = divergence
  const { file, contextTokens, chunks, program, textSha256 } = divergence
  return `Beside ${reference.name}, tokens diverge by ${mean.value} +/- ${mean.uncertainty} nats (KL; median ${median}, 99 of 100 below ${p99}, at most ${most}), and ${sameTop.value} +/- ${sameTop.uncertainty} % have the same most likely one; over ${file} (sha256 ${textSha256.slice(0, 12)}, ${chunks} pieces, ${contextTokens} tokens at once), by ${program}.`
}

export const sideHead = ['weights', '#size', '#perplexity', '#prompt tokens/s', '#output tokens/s']

/** Cells of the reference, and of the image with what it has of the reference's. */
export function sideRows({ reference, image }: WeightsDivergence): string[][] {
  const times = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined ? '' : ` (x ${(one / other).toFixed(2)})`
  const speedCell = (side: MeasuredWeights, of: 'prompt' | 'output') => {
    const speed = side.speed?.[of]
    if (speed === undefined) return '\u2013'
    const beside = side === image ? times(speed.perSecond, reference.speed?.[of].perSecond) : ''
    return `${speed.perSecond.toFixed(1)} +/- ${speed.spread.toFixed(1)}${beside}`
  }
  return [reference, image].map((side) => [
    `${side.name}: ${side.file}`,
    `${formatBytes(side.sizeBytes)}${side === image ? times(side.sizeBytes, reference.sizeBytes) : ''}`,
    `${side.perplexity.value} +/- ${side.perplexity.uncertainty}`,
    speedCell(side, 'prompt'),
    speedCell(side, 'output'),
  ])
}

export const answerHead = ['prompt', 'result', 'before', 'now']

/** Cells of one answer; of two that differ it says where. */
export function answerRow({ prompt, status, before, now, sameCharacters }: ComparedAnswer): string[] {
  const result = status === 'other' ? `other after ${sameCharacters} characters` : status
  return [prompt, result, before, now]
}

export const questionHead = ['question', 'result', 'expected', 'answer']

export function questionRow({ ask, right, expected, answer }: QualityReport['questions'][number]): string[] {
  return [ask, right ? 'right' : 'wrong', expected, answer]
}
