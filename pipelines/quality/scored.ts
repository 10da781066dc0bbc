import { parseJson } from '../../images/boot/answer-text.ts'
import type { ProbeRequest } from '../../images/boot/probe.ts'
import type { PromptScoring } from '../../images/engines/scoring.ts'
import type { TextPerplexity } from '../../images/quality/quality-report.ts'
import { openingToken, perplexityOf, textPieces } from '../../images/quality/scores.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import type { Json } from '../../lib/json.ts'
import type { RecipeQuality } from '../../recipes/quality.ts'
import { StageError } from '../error.ts'
import { askServer } from '../verify/exchange.ts'

type TextWish = NonNullable<RecipeQuality['perplexity']>

/** A ready server that tells what it makes of each token of a prompt. */
export interface ScoringServer {
  url: string
  model: string
  key: string | null
  signal: AbortSignal
  /** For one piece of the text. */
  timeoutMs: number
}

/**
 * The perplexity of a text by the server's own log-probabilities, piece by piece. Throws `bad-answer` for what is no such answer, and
 * `no-file` for a text that is shorter than one piece.
 */
export async function scorePerplexity(
  server: ScoringServer,
  scoring: PromptScoring,
  { wish, text }: { wish: TextWish; text: string },
): Promise<TextPerplexity> {
  const { model } = server
  const { contextTokens, chunks = null } = wish
  const tokensOf = (of: string, opens: boolean) =>
    ask(server, scoring.tokenize(model, of, opens), scoring.tokensIn)
  const opening = openingToken(await tokensOf('one', true), await tokensOf('one', false))
  const tokens = await tokensOf(text, true)
  const pieces = textPieces(tokens, { contextTokens, chunks, opening })
  if (pieces.length === 0) throw tooShort(wish, tokens.length)
  const scores: (number | null)[][] = []
  for (const piece of pieces) {
    const scored = await ask(server, scoring.score(model, piece), scoring.scoresIn)
    // Some servers score what they generated besides.
    scores.push(scored.slice(0, piece.length))
  }
  const printed = perplexityOf(scores)
  if (printed === null) throw wrongAnswer(scoring.by, 'a token of the text has no log-probability')
  const textSha256 = hexOf(digestOf(Buffer.from(text)))
  const told = { file: wish.text, textSha256, contextTokens, chunks }
  return { ...printed, ...told, program: `log-probabilities of ${scoring.by}` }
}

async function ask<Value>(
  { url, key, signal, timeoutMs }: ScoringServer,
  request: ProbeRequest,
  read: (answer: Json) => Value | null,
): Promise<Value> {
  const came = await askServer(url, request, { timeoutMs, signal, key })
  signal.throwIfAborted()
  if (came.type === 'trouble') throw wrongAnswer(request.path, came.words)
  const { status, body } = came.answer
  const answer = status === 200 ? parseJson(body) : undefined
  const value = answer === undefined ? null : read(answer)
  if (value === null) throw wrongAnswer(request.path, `status ${status}: ${body.slice(0, 300)}`)
  return value
}

function wrongAnswer(path: string, found: string): StageError {
  return new StageError('bad-answer', {
    attempted: `ask for the log-probabilities of a text at ${path}`,
    found,
    hint: 'verify.quality.perplexity.contextTokens must fit into serving.contextLength; a server of the recipe must pass these paths on',
  })
}

function tooShort({ text, contextTokens }: TextWish, found: number): StageError {
  return new StageError('no-file', {
    attempted: `cut ${text} into pieces of ${contextTokens} tokens`,
    found: `it has ${found} tokens`,
    hint: 'take a longer text, or a smaller verify.quality.perplexity.contextTokens',
  })
}
