import type { Behaviour } from '../../images/boot/probe.ts'
import type { AnswersFile } from '../../images/quality/answers.ts'
import { judgeAnswer, type QuestionVerdict } from '../../images/quality/questions.ts'
import type { RecipeQuality } from '../../recipes/quality.ts'
import { StageError } from '../error.ts'
import { type AskOptions, recordAnswer } from '../verify/ask.ts'

/** A ready server whose answers are looked at. */
export interface QualityTarget extends AskOptions {
  url: string
  model: string
  ask: Behaviour['ask']
  timeoutMs: number
}

/** What a server answered: to the prompts of the recipe, and to its checkable questions. */
export interface QualityAnswers {
  answers: AnswersFile['answers']
  questions: QuestionVerdict[]
}

/**
 * Templates in Llama 3.1's manner write the current date into the prompt unless they are given one, so answers of two days
 * would differ. It is the date that those templates fall back to; servers and templates that know no such word pass over it.
 */
const fixedDate = { date_string: '26 Jul 2024' } as const
const asGiven = { chat_template_kwargs: fixedDate }
/** Thinking first would only take the tokens of an answer that can be checked. */
const atOnce = { chat_template_kwargs: { ...fixedDate, enable_thinking: false } }

/** Asks one after the other, greedily. Throws `bad-answer` where a prompt or a question is not answered. */
export async function askForQuality(
  target: QualityTarget,
  prompts: readonly string[],
  { questions }: Pick<RecipeQuality, 'questions'>,
): Promise<QualityAnswers> {
  // A completion has no template.
  const isChat = target.ask.bodyFor === 'openai-chat'
  const answers: AnswersFile['answers'] = []
  for (const prompt of prompts) {
    const { answer, tokens } = await answerTo(target, prompt, isChat ? { beside: asGiven } : {})
    answers.push({ prompt, answer, tokens })
  }
  const verdicts: QuestionVerdict[] = []
  for (const question of questions) {
    const { ask, maxTokens } = question
    const { answer } = await answerTo(target, ask, { ...(isChat ? { beside: atOnce } : {}), maxTokens })
    verdicts.push(judgeAnswer(question, answer))
  }
  return { answers, questions: verdicts }
}

async function answerTo(
  { url, model, ask, ...options }: QualityTarget,
  prompt: string,
  form: Pick<Parameters<typeof recordAnswer>[1], 'beside' | 'maxTokens'>,
) {
  const came = await recordAnswer(url, { model, ask, ...form }, prompt, options)
  options.signal?.throwIfAborted()
  if (typeof came !== 'string') return came
  throw new StageError('bad-answer', {
    attempted: `ask ${model} "${prompt.slice(0, 60)}"`,
    found: came,
    hint: 'ask it by `ingot run RECIPE --ask`, and look at the log of the server',
  })
}
