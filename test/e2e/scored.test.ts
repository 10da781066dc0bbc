import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { LoadReport } from '../../images/load/load-report.ts'
import { openingToken, perplexityOf, textPieces } from '../../images/quality/scores.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'
import { runUntil } from './run-until.ts'

// Our own arithmetic of perplexity, over what a real server says of each token, beside llama-perplexity over the same text.

const contextTokens = 32
const chunks = 2
const text = join(import.meta.dirname, '../../LICENSE')

let place: Workplace
let recipe: string

beforeAll(async () => {
  place = await newWorkplace()
  const demo = (await readFile(demoRecipe, 'utf8')).replace(/^verify:[\s\S]*?(?=^image:)/m, '')
  await writeFile(join(place.folder, 'text.txt'), await readFile(text))
  const quality = { perplexity: { text: './text.txt', contextTokens, chunks } }
  recipe = await writeRecipe(
    place,
    'smollm2-135m-llama-cpp',
    `${demo}verify: ${JSON.stringify({ quality })}\n`,
  )
  const build = await ingot(['build', recipe, '--no-verify'], place)
  expect(build.code, build.stderr).toBe(0)
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

const tokensSchema = z.object({ tokens: z.array(z.number()) })
const probabilitiesSchema = z.object({
  completion_probabilities: z.array(
    z.object({ top_logprobs: z.array(z.object({ id: z.number(), logprob: z.number() })) }),
  ),
})

async function asked<Value>(url: string, path: string, body: object, schema: z.ZodType<Value>) {
  const answer = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) })
  return schema.parse(await answer.json())
}

/** llama-server scores what it generates and no prompt, so each token is asked for alone, among all of the vocabulary. */
async function scoreByStep(url: string, before: readonly number[], token: number): Promise<number | null> {
  const body = { prompt: before, n_predict: 1, n_probs: 50_000, temperature: 0, cache_prompt: true }
  const { completion_probabilities: all } = await asked(url, '/completion', body, probabilitiesSchema)
  return all[0]?.top_logprobs.find(({ id }) => id === token)?.logprob ?? null
}

async function scorePieces(url: string): Promise<(number | null)[][]> {
  const tokensOf = async (content: string, add_special: boolean) =>
    (await asked(url, '/tokenize', { content, add_special }, tokensSchema)).tokens
  const opening = openingToken(await tokensOf('one', true), await tokensOf('one', false))
  const tokens = await tokensOf(await readFile(text, 'utf8'), true)
  const scores: (number | null)[][] = []
  for (const piece of textPieces(tokens, { contextTokens, chunks, opening })) {
    const ofPiece: (number | null)[] = piece.map(() => null)
    for (let index = contextTokens / 2 + 1; index < contextTokens; index += 1)
      ofPiece[index] = await scoreByStep(url, piece.slice(0, index), piece[index] ?? -1)
    scores.push(ofPiece)
  }
  return scores
}

test('the perplexity of a server’s own log-probabilities is that of llama-perplexity', async () => {
  let scores: (number | null)[][] = []
  await runUntil(place, ['smollm2-135m-llama-cpp', '--unverified'], async (said, { pid }) => {
    scores = await scorePieces(/http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? '')
    process.kill(-pid, 'SIGINT')
  })
  const run = await ingot(['bench', recipe, '--although-busy', '--json'], place)
  expect(run.code, run.stderr).toBe(0)
  const report: LoadReport = JSON.parse(run.stdout)
  const [ours, theirs] = [perplexityOf(scores), report.quality?.perplexity]
  // The server computes a prefix at once and then a token alone, the program 32 at once: sums of other orders.
  expect(Math.abs(Number(ours?.value) / Number(theirs?.value) - 1)).toBeLessThan(0.01)
})
