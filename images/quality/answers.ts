import type { Digest } from '../../lib/digest.ts'
import type { RecordedAnswer } from '../boot/boot-report.ts'

/** What an answer depends on beside the model and the prompt: two processors may go on with different words. */
export interface AnswerOrigin {
  engine: { id: string; version: string }
  processor: string | null
  /** Names of the GPUs that were handed over. */
  gpus: string[]
}

/** Raised when the shape changes. */
export const answersVersion = 1

/** Greedy answers that a person keeps beside a recipe. */
export interface AnswersFile extends AnswerOrigin {
  answersVersion: typeof answersVersion
  image: Digest
  model: string
  answers: Pick<RecordedAnswer, 'prompt' | 'answer' | 'tokens'>[]
}

export interface ComparedAnswer {
  prompt: string
  status: 'same' | 'other' | 'missing'
  before: string
  now: string
  /** Characters from the beginning that are the same. */
  sameCharacters: number
}

export interface AnswerComparison {
  file: string
  /** Image that gave the answers of the file. */
  before: string
  /** Why nothing follows from a difference; empty on the machine and with the engine that gave them. */
  why: string[]
  answers: ComparedAnswer[]
}

/** Every prompt of now beside the answer of the file. `dated` is why they hold for one day, where that is so. */
export function compareAnswers(
  now: AnswerOrigin & Pick<AnswersFile, 'answers'>,
  before: AnswersFile,
  file: string,
  dated: string | null = null,
): AnswerComparison {
  const known = new Map(before.answers.map(({ prompt, answer }) => [prompt, answer]))
  const answers = now.answers.map(({ prompt, answer }): ComparedAnswer => {
    const earlier = known.get(prompt)
    if (earlier === undefined)
      return { prompt, status: 'missing', before: '', now: answer, sameCharacters: 0 }
    const status = earlier === answer ? 'same' : 'other'
    return { prompt, status, before: earlier, now: answer, sameCharacters: commonLength(earlier, answer) }
  })
  return {
    file,
    before: before.image,
    why: [...originDifferences(now, before), ...(dated === null ? [] : [dated])],
    answers,
  }
}

function originDifferences(now: AnswerOrigin, before: AnswerOrigin): string[] {
  const wordsOf = ({ engine, processor, gpus }: AnswerOrigin) => ({
    processor: processor ?? 'unknown',
    GPUs: gpus.join(', ') || 'none',
    engine: engine.id,
  })
  const [here, there] = [wordsOf(now), wordsOf(before)]
  return (['processor', 'GPUs', 'engine'] as const)
    .filter((key) => here[key] !== there[key] || here[key] === 'unknown')
    .map((key) => `the answers were given by another ${key}: ${there[key]}, and here it is ${here[key]}`)
}

function commonLength(one: string, other: string): number {
  const end = [...one].findIndex((character, index) => character !== [...other][index])
  return end < 0 ? [...one].length : end
}
