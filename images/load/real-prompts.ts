import { z } from 'zod'
import { parseJson } from '../boot/answer-text.ts'

/** A prompt of a file in place of drawn words. */
export interface RealPrompt {
  prompt: string
  /** Length of its answer; null takes that of the shapes, in turn. */
  outputTokens: number | null
}

/** What a report says of such a file; the prompts themselves may be nobody's business. */
export interface PromptsFile {
  file: string
  sha256: string
  count: number
}

const lineSchema = z.strictObject({
  prompt: z.string().min(1),
  outputTokens: z.number().int().min(2).optional(),
})

/**
 * Prompts of a text with one a line: `{"prompt": "…", "outputTokens": 64}` where its first line is JSON, and plain text otherwise. Empty
 * lines are passed over. Gives what is wrong, and where, instead.
 */
export function readPrompts(text: string): RealPrompt[] | { line: number; found: string } {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line: line.trim(), number: index + 1 }))
  const filled = lines.filter(({ line }) => line !== '')
  const isJson = filled[0]?.line.startsWith('{') ?? false
  const prompts: RealPrompt[] = []
  for (const { line, number } of filled) {
    const read = isJson ? lineSchema.safeParse(parseJson(line)) : undefined
    if (read !== undefined && !read.success)
      return { line: number, found: read.error.issues[0]?.message ?? 'no prompt' }
    prompts.push({ prompt: read?.data.prompt ?? line, outputTokens: read?.data.outputTokens ?? null })
  }
  return prompts.length === 0 ? { line: 1, found: 'no prompt' } : prompts
}
