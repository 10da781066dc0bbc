import { z } from 'zod'
import { limits, text } from './limits.ts'
import { limitForms, parseLoadLimit, parseTime } from './load-limits.ts'
import { count } from './quantities.ts'

const mostSteps = 32

const time = z
  .string()
  .max(32)
  .refine((value) => parseTime(value) !== null, 'a time such as 800ms or 2s')

const users = z.array(count(4096)).max(mostSteps)
const rates = z.array(z.number().positive().max(10_000)).max(mostSteps)

const shape = z.strictObject({
  inputTokens: count(limits.tokens).describe('Tokens of the prompt, the chat template counted'),
  outputTokens: z.number().int().min(2).max(limits.tokens).describe('Tokens of the answer'),
})

/** What `ingot bench` asks of the server, and what must hold. None of it decides a byte of the image. */
export const loadSchema = z
  .strictObject({
    concurrency: users
      .default([1, 2, 4])
      .describe('Users of each step: each asks its next question when its last one is answered'),
    rates: rates
      .default([])
      .describe(
        'Requests per second of further steps: each is sent when it is due, whatever became of those before',
      ),
    requests: count(100_000).default(16).describe('Requests of each step, at least one for each user'),
    shapes: z
      .array(shape)
      .min(1)
      .max(limits.prompts)
      .default([
        { inputTokens: 256, outputTokens: 32 },
        { inputTokens: 64, outputTokens: 64 },
      ])
      .describe('Lengths of the questions, in turn. Two that differ let prefill and decode be told apart'),
    prompts: text(limits.place)
      .min(1)
      .optional()
      .describe(
        'A file of real prompts in place of drawn words, one a line: text, or `{"prompt": "…", "outputTokens": 64}`; a path relative to the recipe',
      ),
    timeoutSeconds: count(limits.seconds)
      .default(300)
      .describe('Time for one answer; a later one is an error'),
    objectives: z
      .strictObject({
        ttft: time.optional().describe('Time to the first token, such as 500ms'),
        itl: time.optional().describe('Time between tokens'),
        e2e: time.optional().describe('Time to the end of the answer'),
      })
      .optional()
      .describe('What one request must keep to count for goodput'),
    limits: z
      .array(
        z
          .string()
          .max(limits.words)
          .refine((value) => parseLoadLimit(value) !== null, limitForms),
      )
      .max(limits.prompts)
      .default([])
      .describe('What must hold: `ttft p99 <= 800ms at 8 users`; docs/bench.md has all forms'),
  })
  .superRefine(checkLoad)

export type RecipeLoad = z.infer<typeof loadSchema>

type Load = Pick<z.infer<typeof loadSchema>, 'concurrency' | 'rates' | 'requests' | 'limits' | 'objectives'>

/** What several keys say together. */
function checkLoad(load: Load, context: z.RefinementCtx): void {
  const { concurrency, rates: perSecond, requests } = load
  const add = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message })
  if (concurrency.length + perSecond.length === 0) add(['concurrency'], 'at least one step here or in rates')
  const most = Math.max(0, ...concurrency)
  if (most > requests) add(['requests'], `at least ${most}, one for each user of the largest step`)
  for (const [index, written] of load.limits.entries()) {
    const limit = parseLoadLimit(written)
    if (limit === null) continue
    const { at, metric } = limit
    if (at.type === 'users' && !concurrency.includes(at.users))
      add(['limits', index], `a step of ${at.users} users in concurrency, where this limit can be measured`)
    if (at.type === 'rate' && !perSecond.includes(at.perSecond))
      add(
        ['limits', index],
        `a step of ${at.perSecond} requests/s in rates, where this limit can be measured`,
      )
    if (metric === 'goodput' && Object.keys(load.objectives ?? {}).length === 0)
      add(['limits', index], 'objectives beside it, since goodput counts the requests that keep them')
  }
}

/** The load of a recipe that says nothing of one; it has no limits. */
export function usualLoad(): RecipeLoad {
  return loadSchema.parse({})
}
