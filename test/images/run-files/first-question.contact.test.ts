import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MainQuestion } from '../../../images/boot/probe.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { firstQuestion, type QuestionPlan } from '../../../images/run-files/first-question.ts'
import type { ModelTask } from '../../../recipes/tasks.ts'
import { chatAnswer, type Handler, model, sendJson, serve } from '../../servers/openai.ts'
import { embeddings, rerank, transcription } from '../../servers/tasks.ts'
import { pythonPath } from '../../tools/find.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

let folder: string
const key = 'key-of-a-test'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-first-question-'))
  await writeFile(join(folder, 'picture.png'), Buffer.from('\x89PNG and so on', 'latin1'))
  await writeFile(join(folder, 'speech.wav'), 'RIFF and so on')
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const ofChat: MainQuestion = {
  path: '/v1/chat/completions',
  bodyFor: 'openai-chat',
  textAt: 'choices.0.message.content',
}

const cases: readonly { task: ModelTask; ask: MainQuestion; asks: RegExp }[] = [
  { task: 'chat', ask: ofChat, asks: /"messages":\[.*capital/ },
  { task: 'tools', ask: ofChat, asks: /"tools":\[.*get_weather/ },
  { task: 'structured', ask: ofChat, asks: /"response_format":.*json_schema.*"additionalProperties":false/ },
  {
    task: 'vision',
    ask: ofChat,
    asks: /data:image\/png;base64,iVBORyBhbmQgc28gb24=/,
  },
  {
    task: 'completion',
    ask: { path: '/v1/completions', bodyFor: 'openai-completion', textAt: 'choices.0.text' },
    asks: /"prompt":/,
  },
  {
    task: 'embedding',
    ask: { path: '/v1/embeddings', bodyFor: 'openai-embedding', textAt: null },
    asks: /"input":\[/,
  },
  { task: 'rerank', ask: { path: '/v1/rerank', bodyFor: 'rerank', textAt: null }, asks: /"documents":\[/ },
  {
    task: 'transcription',
    ask: { path: '/v1/audio/transcriptions', bodyFor: 'transcription', textAt: null },
    asks: /"model":"tiny"/,
  },
]

function planOf(task: ModelTask, ask: MainQuestion): QuestionPlan {
  const recipe = recipeFor('llama-cpp', ({ serving }) => {
    serving.apiKey = true
  })
  const plan = planImage(recipe, lockFor(recipe))
  const behaviour = { ...plan.verify.behaviour, ask }
  return { model, tasks: [task], verify: { ...plan.verify, behaviour } }
}

test.each(cases)(
  'a person who pastes the first question for $task is answered, with the key',
  async ({ task, ask, asks }) => {
    const seen: { token: string | undefined; body: string }[] = []
    const watched =
      (handler: Handler): Handler =>
      (asked, response) => {
        seen.push({ token: asked.token, body: JSON.stringify(asked.body) })
        return handler(asked, response)
      }
    const routes = {
      'POST /v1/chat/completions': ((_, response) => sendJson(response, 200, chatAnswer())) as Handler,
      'POST /v1/completions': ((_, response) =>
        sendJson(response, 200, { ...chatAnswer(), choices: [{ text: 'Paris' }] })) as Handler,
      ...embeddings(),
      ...rerank(),
      ...transcription(),
    }
    const server = await serve(
      Object.fromEntries(Object.entries(routes).map(([route, handler]) => [route, watched(handler)])),
    )
    try {
      // As in a shell of a machine that has the client: python3 comes first from its environment.
      const PATH = `${dirname(pythonPath('clients'))}:${process.env['PATH']}`
      const said = await promisify(execFile)('sh', ['-ceu', firstQuestion(server.url, planOf(task, ask))], {
        cwd: folder,
        env: { PATH, LLAMA_API_KEY: key },
      })
      expect(said.stdout).toMatch(/\S/)
    } finally {
      await server.close()
    }
    expect(seen.map(({ token }) => token)).toEqual([key, key])
    for (const { body } of seen) expect(body).toMatch(asks)
  },
)
