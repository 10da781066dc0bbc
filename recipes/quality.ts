import { z } from 'zod'
import { answerSchema } from './answer-schema.ts'
import { limits, text } from './limits.ts'
import { count } from './quantities.ts'

const path = text(limits.place).min(1)

/** One limit of quality: a least share, or a largest figure. */
export interface QualityLimit {
  text: string
  metric: 'answers' | 'questions' | 'perplexity' | 'divergence' | 'agreement'
  value: number
}

/** What a limit may look like, for people. */
const limitForms =
  '"answers >= 100%", "questions >= 90%", "perplexity <= 25", "divergence <= 0.05" or "agreement >= 95%"'

/** Reads one limit; null where it has none of the forms. Shares are from 0 to 1. */
export function parseQualityLimit(limit: string): QualityLimit | null {
  const most = /^(perplexity|divergence) <= (\d+(?:\.\d+)?)$/.exec(limit)
  if (most !== null) return { text: limit, metric: metricOf(most[1]), value: Number(most[2]) }
  const [, metric, percent] = /^(answers|questions|agreement) >= (\d+(?:\.\d+)?) ?%$/.exec(limit) ?? []
  if (metric === undefined || Number(percent) > 100) return null
  return { text: limit, metric: metricOf(metric), value: Number(percent) / 100 }
}

/** The pattern that gave the word has no other. */
function metricOf(word: string | undefined): QualityLimit['metric'] {
  return word as QualityLimit['metric']
}

const question = z
  .strictObject({
    ask: text(limits.value).min(1).describe('The question'),
    equals: text(limits.value)
      .min(1)
      .optional()
      .describe('The whole answer, but for white space and case around it and a full stop behind it'),
    mentions: text(limits.words)
      .regex(/^[\p{L}\p{N}]+$/u, 'one word or number')
      .optional()
      .describe('A word or number that stands by itself in the answer'),
    schema: answerSchema.optional().describe('The answer is JSON that this schema accepts'),
    maxTokens: count(limits.tokens).default(64).describe('Longest answer'),
  })
  .refine((one) => [one.equals, one.mentions, one.schema].filter((form) => form !== undefined).length === 1, {
    path: ['ask'],
    message: 'one of equals, mentions and schema beside it',
  })

const leastCompared = 100

/** The second half of each piece is compared, but for its last token: the first half is what it is predicted from. */
function comparedTokens(contextTokens: number, chunks: number): number {
  return chunks * (contextTokens - 1 - Math.floor(contextTokens / 2))
}

const predicted = {
  text: path.describe('A text that the model did not learn from; a path relative to the recipe'),
  contextTokens: z
    .number()
    .int()
    .min(8)
    .max(limits.tokens)
    .default(512)
    .describe('Tokens that are looked at together'),
}

/** How good a server's answers must be, which `ingot bench` finds out. None of it decides a byte of the image. */
export const qualitySchema = z
  .strictObject({
    answers: path
      .optional()
      .describe(
        'Greedy answers to `verify.prompts` that `ingot bench --record` wrote, compared with those of now; a path relative to the recipe',
      ),
    questions: z
      .array(question)
      .max(limits.entries)
      .default([])
      .describe('Questions whose answers can be checked'),
    perplexity: z
      .strictObject({
        ...predicted,
        chunks: count(100_000)
          .optional()
          .describe('Only so many pieces of that length. Default: the whole text, of which each takes time'),
      })
      .optional()
      .describe(
        'How well the model predicts a text, by a program of the engine (llama.cpp) or by the server itself (vLLM, SGLang)',
      ),
    divergence: z
      .strictObject({
        ...predicted,
        chunks: count(10_000)
          .default(8)
          .describe('Pieces of that length; each takes time, and 50 MB or more while it is compared'),
        from: path
          .default('source')
          .describe(
            'source: what weights.quantize made the weights from; or another recipe of the same vocabulary, as a path relative to this one',
          ),
      })
      .refine(({ contextTokens, chunks }) => comparedTokens(contextTokens, chunks) >= leastCompared, {
        path: ['chunks'],
        message: `more of them, or longer ones: of fewer than ${leastCompared} compared tokens llama-perplexity tells no figures`,
      })
      .optional()
      .describe('How far the model’s next tokens are from those of another one, by the same program'),
    limits: z
      .array(
        z
          .string()
          .max(limits.words)
          .refine((value) => parseQualityLimit(value) !== null, `a limit such as ${limitForms}`),
      )
      .max(limits.prompts)
      .default([])
      .describe(`What must hold: ${limitForms}`),
  })
  .superRefine((quality, context) => {
    for (const [index, one] of quality.limits.entries()) {
      const missing = missingFor(parseQualityLimit(one)?.metric, quality)
      if (missing !== null)
        context.addIssue({ code: 'custom', path: ['limits', index], message: `${missing} beside it` })
    }
  })

export type RecipeQuality = z.infer<typeof qualitySchema>
export type CheckableQuestion = RecipeQuality['questions'][number]

/** The key that a limit is about, where it is not there. */
function missingFor(
  metric: QualityLimit['metric'] | undefined,
  quality: Pick<RecipeQuality, 'answers' | 'questions' | 'perplexity' | 'divergence'>,
): string | null {
  if (metric === undefined) return null
  const key = metric === 'agreement' ? 'divergence' : metric
  const isThere = key === 'questions' ? quality.questions.length > 0 : quality[key] !== undefined
  return isThere ? null : key
}
