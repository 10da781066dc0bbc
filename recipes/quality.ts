import { z } from 'zod'
import { limits, text } from './limits.ts'
import { count } from './quantities.ts'

const path = text(limits.place).min(1)

/** One limit of quality: a least share, or a largest perplexity. */
export interface QualityLimit {
  text: string
  metric: 'answers' | 'questions' | 'perplexity'
  value: number
}

/** What a limit may look like, for people. */
const limitForms = '"answers >= 100%", "questions >= 90%" or "perplexity <= 25"'

/** Reads one limit; null where it has none of the forms. Shares are from 0 to 1. */
export function parseQualityLimit(limit: string): QualityLimit | null {
  const perplexity = /^perplexity <= (\d+(?:\.\d+)?)$/.exec(limit)?.[1]
  if (perplexity !== undefined) return { text: limit, metric: 'perplexity', value: Number(perplexity) }
  const [, metric, percent] = /^(answers|questions) >= (\d+(?:\.\d+)?) ?%$/.exec(limit) ?? []
  if (metric === undefined || Number(percent) > 100) return null
  return { text: limit, metric: metric === 'answers' ? 'answers' : 'questions', value: Number(percent) / 100 }
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
    schema: z.record(z.string(), z.json()).optional().describe('The answer is JSON that this schema accepts'),
    maxTokens: count(limits.tokens).default(64).describe('Longest answer'),
  })
  .refine((one) => [one.equals, one.mentions, one.schema].filter((form) => form !== undefined).length === 1, {
    path: ['ask'],
    message: 'one of equals, mentions and schema beside it',
  })

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
        text: path.describe('A text that the model did not learn from; a path relative to the recipe'),
        contextTokens: z
          .number()
          .int()
          .min(8)
          .max(limits.tokens)
          .default(512)
          .describe('Tokens that are looked at together'),
        chunks: count(100_000)
          .optional()
          .describe('Only so many pieces of that length. Default: the whole text, of which each takes time'),
      })
      .optional()
      .describe('How well the model predicts a text, by a program of the engine itself (llama.cpp)'),
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

function missingFor(
  metric: QualityLimit['metric'] | undefined,
  { answers, questions, perplexity }: Pick<RecipeQuality, 'answers' | 'questions' | 'perplexity'>,
): string | null {
  if (metric === 'answers' && answers === undefined) return 'answers'
  if (metric === 'questions' && questions.length === 0) return 'questions'
  return metric === 'perplexity' && perplexity === undefined ? 'perplexity' : null
}
