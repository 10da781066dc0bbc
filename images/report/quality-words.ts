import type { ComparedAnswer } from '../quality/answers.ts'
import type { QualityReport } from '../quality/quality-report.ts'

/** What was compared and asked, in sentences. */
export function qualityWords({ answers, questions, perplexity }: QualityReport): string[] {
  const right = questions.filter((one) => one.right).length
  return [
    ...(answers === undefined ? [] : [answersWords(answers)]),
    ...(questions.length === 0 ? [] : [`${right} of ${questions.length} questions were answered rightly.`]),
    ...(perplexity === undefined ? [] : [perplexityWords(perplexity)]),
  ]
}

function answersWords({ file, before, why, answers }: NonNullable<QualityReport['answers']>): string {
  const same = answers.filter(({ status }) => status === 'same').length
  const machine =
    why.length === 0
      ? 'on a machine as the one that gave them'
      : `nothing follows from a difference: ${why.join('; ')}`
  return `${same} of ${answers.length} answers are those of ${file} by ${before}, ${machine}.`
}

function perplexityWords(perplexity: NonNullable<QualityReport['perplexity']>): string {
  const { value, uncertainty, file, contextTokens, chunks, program, textSha256 } = perplexity
  const length = chunks === null ? 'the whole text' : `${chunks} pieces`
  return `Perplexity ${value} +/- ${uncertainty} over ${file} (sha256 ${textSha256.slice(0, 12)}, ${length}, ${contextTokens} tokens at once), by ${program}.`
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
