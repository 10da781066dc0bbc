import type { FetchOptions, HttpAnswer } from '../network/exchange.ts'
import { wholeBody } from '../network/http.ts'

export interface WireRequest extends Pick<FetchOptions, 'headers' | 'body'> {
  method: NonNullable<FetchOptions['method']>
  url: string
}

/** Answers to a writer are small: manifests, tokens, errors. Header names are in lower case. */
export interface WireAnswer {
  status: number
  headers: Record<string, string>
  bytes: Uint8Array
}

export async function wholeAnswer(answer: HttpAnswer): Promise<WireAnswer> {
  const bytes = await wholeBody(answer, answer.url)
  return { status: answer.status, headers: Object.fromEntries(answer.headers), bytes }
}
