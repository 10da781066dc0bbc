import { parseQualityLimit, type QualityLimit, type RecipeQuality } from '../../recipes/quality.ts'
import type { PrintedPerplexity } from '../engines/perplexity.ts'
import type { AnswerComparison } from './answers.ts'
import { divergenceResult, type WeightsDivergence } from './divergence.ts'
import type { LimitJudgement, LimitResult } from './limit-result.ts'
import type { QuestionVerdict } from './questions.ts'

/** How well the model predicts a text: what the engine's own program printed, digit by digit. */
export interface TextPerplexity extends PrintedPerplexity {
  file: string
  textSha256: string
  contextTokens: number
  /** Pieces of that length; null for the whole text. */
  chunks: number | null
  /** Package and version of the program. */
  program: string
}

/** How good the answers of one server were. */
export interface QualityReport {
  quality: RecipeQuality
  /** Beside the recorded ones; absent where the recipe names none. */
  answers?: AnswerComparison
  questions: QuestionVerdict[]
  perplexity?: TextPerplexity
  divergence?: WeightsDivergence
  judgement: LimitJudgement
}

type QualityFindings = Pick<QualityReport, 'answers' | 'questions' | 'perplexity' | 'divergence'>

/** What the limits of a recipe say. Answers of another machine are shown and nothing follows from them. */
export function judgeQuality(
  { limits }: Pick<RecipeQuality, 'limits'>,
  found: QualityFindings,
): LimitJudgement {
  const results = limits.flatMap((text) => {
    const limit = parseQualityLimit(text)
    return limit === null ? [] : [{ limit, result: resultOf(limit, found) }]
  })
  return { status: statusOf(results, found.answers), limits: results.map(({ result }) => result) }
}

function statusOf(
  results: readonly { limit: QualityLimit; result: LimitResult }[],
  answers: AnswerComparison | undefined,
): LimitJudgement['status'] {
  if (results.length === 0) return 'no limits'
  const elsewhere = (answers?.why.length ?? 0) > 0
  const comparable = results.filter(({ limit }) => limit.metric !== 'answers' || !elsewhere)
  if (comparable.some(({ result }) => result.status !== 'passed')) return 'failed'
  return comparable.length < results.length ? 'not comparable' : 'passed'
}

function resultOf(limit: QualityLimit, found: QualityFindings): LimitResult {
  if (limit.metric === 'perplexity') return perplexityResult(limit, found)
  if (limit.metric === 'divergence' || limit.metric === 'agreement')
    return divergenceResult(limit, found.divergence)
  const { text, value } = limit
  const good =
    limit.metric === 'answers'
      ? (found.answers?.answers ?? []).map(({ status }) => status === 'same')
      : found.questions.map(({ right }) => right)
  const at =
    limit.metric === 'answers'
      ? `the answers of ${found.answers?.file ?? 'nothing'}`
      : `${found.questions.length} questions`
  if (good.length === 0) return { limit: text, at, status: 'missing', observed: 'nothing was measured' }
  const count = good.filter(Boolean).length
  const status = count / good.length >= value ? 'passed' : 'failed'
  return { limit: text, at, status, observed: `${count} of ${good.length}` }
}

function perplexityResult({ text, value }: QualityLimit, { perplexity }: QualityFindings): LimitResult {
  if (perplexity === undefined)
    return { limit: text, at: 'no text', status: 'missing', observed: 'nothing was measured' }
  const status = Number(perplexity.value) <= value ? 'passed' : 'failed'
  return { limit: text, at: perplexity.file, status, observed: perplexity.value }
}
