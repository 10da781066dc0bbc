import { expect, test } from 'vitest'
import type { Behaviour } from '../../../images/boot/probe.ts'
import { adapterProbe, furtherModelProbes, namedQuestion } from '../../../images/engines/part-probes.ts'
import { recipeFor } from '../../images/engines/fixtures.ts'
import { chatAnswer, good, type Handler, model, type Routes, sendJson } from '../../servers/openai.ts'
import { embeddings, vectorOf } from '../../servers/tasks.ts'
import { behaviour, complaints, plan, verifyTiny } from './plan.ts'

const chats = {
  recipe: recipeFor('vllm', ({ verify }) => void Object.assign(verify, { prompts: ['Hi'] })),
  tasks: ['chat'],
} as const

const adapted: Behaviour = {
  ...behaviour,
  probes: [
    adapterProbe(chats, 'sql', { base: namedQuestion(chats, model), adapted: namedQuestion(chats, 'sql') }),
  ],
}

async function complaintsOf(asked: Behaviour, routes: Routes): Promise<string[]> {
  const boot = await verifyTiny({ routes, plan: { verify: { ...plan.verify, behaviour: asked } } })
  return complaints(boot.checks)
}

/** A chat that says what the function gives for the name that is asked, and how often something was asked before. */
function saying(answer: (name: string, count: number) => string): Routes {
  let count = 0
  const handler: Handler = (asked, response) => {
    const { body } = asked
    if (body.stream || body['max_tokens'] === 1) return good['POST /v1/chat/completions']?.(asked, response)
    count += 1
    const message = { role: 'assistant', content: answer(String(body['model']), count) }
    sendJson(response, 200, { ...chatAnswer(String(body['model'])), choices: [{ message }] })
  }
  return { 'POST /v1/chat/completions': handler }
}

test('a server whose adapter answers otherwise passes', async () => {
  expect(
    await complaintsOf(
      adapted,
      saying((name) => `I am ${name}`),
    ),
  ).toEqual([])
})

test.each([
  [
    'takes the name of the adapter and asks the model',
    saying(() => 'I am the model'),
    'adapter-sql failed: the adapter sql changes nothing: 3 of 3 answers are the same, such as "I am the model"',
  ],
  [
    'answers the same question otherwise every time, with its adapter or without',
    saying((_, count) => `answer ${count}`),
    'adapter-sql failed: each question gets another answer when it is asked again, so that a difference shows nothing',
  ],
] as const)('a server that %s fails with its own words', async (_, routes, words) => {
  expect(await complaintsOf(adapted, routes)).toEqual([words])
})

const embedder = {
  pinned: {
    role: 'model' as const,
    name: model,
    weights: {
      source: { type: 'folder' as const, path: '.' },
      files: [],
      setDigest: `sha256:${'a'.repeat(64)}` as const,
    },
    gguf: { architecture: 'bert', parameterCount: 1, fileType: 'F16', pooling: 'mean' as const },
  },
}
const withEmbedder: Behaviour = { ...behaviour, probes: furtherModelProbes(model, embedder) }

test('a further model that makes vectors is asked for vectors', async () => {
  expect(await complaintsOf(withEmbedder, embeddings())).toEqual([])
  expect(
    await complaintsOf(
      withEmbedder,
      embeddings(() => vectorOf('cat')),
    ),
  ).toEqual([
    expect.stringMatching(`^model-${model}.* failed: related texts are no nearer than unrelated ones`),
  ])
})
