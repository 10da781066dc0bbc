import type { CheckableQuestion } from '../../recipes/quality.ts'
import { schemaFaults } from '../boot/schema-faults.ts'
import { plainWords } from '../boot/words.ts'

export interface QuestionVerdict {
  ask: string
  right: boolean
  expected: string
  answer: string
}

/** Whether an answer is the right one, and what that would be. */
export function judgeAnswer(question: CheckableQuestion, answer: string): QuestionVerdict {
  return { ask: question.ask, right: isRight(question, answer), expected: expectedWords(question), answer }
}

function isRight({ equals, mentions, schema }: CheckableQuestion, answer: string): boolean {
  if (equals !== undefined) return bare(answer) === bare(equals)
  if (mentions !== undefined) return plainWords(answer).includes(mentions.toLowerCase())
  return schema !== undefined && schemaFaults(bareJson(answer), schema as SchemaOfJson).length === 0
}

/** The recipe's schema parsed values of JSON and nothing else. */
type SchemaOfJson = Parameters<typeof schemaFaults>[1]

function bare(text: string): string {
  return text.trim().replace(/\.$/, '').toLowerCase()
}

/** Chat models put JSON into a fence more often than not. */
function bareJson(text: string): string {
  return /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text
}

function expectedWords({ equals, mentions }: CheckableQuestion): string {
  if (equals !== undefined) return `"${equals}"`
  return mentions === undefined ? 'JSON of its schema' : `an answer with "${mentions}"`
}
