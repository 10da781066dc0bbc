import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type AnswersFile, answersVersion } from '../../../images/quality/answers.ts'
import { digestOf } from '../../../lib/digest.ts'
import { readAnswers, writeAnswers } from '../../../pipelines/quality/answers-file.ts'
import { askForQuality } from '../../../pipelines/quality/measure.ts'
import { qualitySchema } from '../../../recipes/quality.ts'
import { type Asked, chatAnswer, model, sendJson, serve } from '../../servers/openai.ts'
import { behaviour } from '../verify/plan.ts'

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'ingot-quality-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

async function asking(answer: (body: Asked['body']) => object = () => chatAnswer()) {
  const bodies: Asked['body'][] = []
  const server = await serve({
    'POST /v1/chat/completions': ({ body }, response) => {
      bodies.push(body)
      sendJson(response, 200, answer(body))
    },
  })
  onTestFinished(() => server.close())
  const clock = { now: () => performance.now() }
  return { bodies, target: { url: server.url, model, ask: behaviour.ask, timeoutMs: 5000, clock } }
}

const questions = [
  { ask: 'Count.', mentions: 'four' },
  { ask: 'Count?', equals: 'one', maxTokens: 7 },
]

test('prompts and questions are asked greedily, with one date for templates that write it', async () => {
  const { bodies, target } = await asking()
  const quality = qualitySchema.parse({ questions })
  const found = await askForQuality(target, ['Hello'], quality)
  expect(found.answers).toEqual([{ prompt: 'Hello', answer: 'one two three four five', tokens: 5 }])
  expect(found.questions.map(({ right }) => right)).toEqual([true, false])
  expect(
    bodies.map((body) => [body['temperature'], body['max_tokens'], body['chat_template_kwargs']]),
  ).toEqual([
    [0, 64, { date_string: '26 Jul 2024' }],
    [0, 64, { date_string: '26 Jul 2024', enable_thinking: false }],
    [0, 7, { date_string: '26 Jul 2024', enable_thinking: false }],
  ])
})

test('a prompt without an answer ends it, with the words of the server', async () => {
  const { target } = await asking(() => ({ error: 'no' }))
  await expect(askForQuality(target, ['Hello'], qualitySchema.parse({}))).rejects.toMatchObject({
    code: 'bad-answer',
    failure: { attempted: 'ask tiny "Hello"', found: expect.stringContaining('usage.completion_tokens') },
  })
})

const answers: AnswersFile = {
  answersVersion,
  image: digestOf('image'),
  model,
  engine: { id: 'llama-cpp', version: '0.7.0' },
  processor: null,
  gpus: [],
  answers: [{ prompt: 'Hello', answer: 'one', tokens: 1 }],
}

test('answers are read as they were written, also into a new folder', async () => {
  const file = join(await folder(), 'deep/answers.json')
  await writeAnswers(file, answers)
  expect(await readAnswers(file)).toEqual(answers)
})

test.each([
  ['nothing', undefined],
  ['no JSON', 'answers'],
  ['another shape', '{"answersVersion":1}'],
])('%s is told', async (_, text) => {
  const file = join(await folder(), 'answers.json')
  if (text !== undefined) await writeFile(file, text)
  await expect(readAnswers(file)).rejects.toMatchObject({
    code: 'no-file',
    failure: { attempted: `compare with the answers of ${file}` },
  })
})
