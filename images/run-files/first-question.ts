import type { Json } from '../../lib/json.ts'
import type { MainQuestion } from '../boot/probe.ts'
import type { ImagePlan } from '../plan/plan.ts'

/** What a person asks a server first. */
export const firstPrompt = 'What is the capital of France? Answer in one word.'

const beginning = 'The capital of France is'
const documents = ['Bananas are yellow.', 'Paris is the capital of France.']

/** What of a plan a first question follows from. */
export type QuestionPlan = Pick<ImagePlan, 'model' | 'verify'>

/**
 * The first question to a server at `url`, to paste into a shell: by curl, and by OpenAI's client for Python. A key is read
 * from the variable that the server reads it from.
 */
export function firstQuestion(url: string, { model, verify }: QuestionPlan): string {
  const { ask } = verify.behaviour
  const key = verify.apiKey?.variable
  return [
    `curl ${url}${ask.path} \\`,
    ...(ask.bodyFor === 'transcription' ? [] : [`  -H 'content-type: application/json' \\`]),
    ...(key === undefined ? [] : [`  -H "authorization: Bearer $${key}" \\`]),
    curlBody(ask, model),
    '',
    "python3 - <<'END'",
    ...(key === undefined ? [] : ['import os']),
    'from openai import OpenAI',
    '',
    `client = OpenAI(base_url="${url}/v1", api_key=${key === undefined ? '"none"' : `os.environ["${key}"]`})`,
    ...pythonOf(ask, JSON.stringify(model)),
    'END',
    '',
  ].join('\n')
}

/** A recording is the person's own: any sound that the server reads. */
const recording = 'speech.wav'

function curlBody({ bodyFor }: MainQuestion, model: string): string {
  return bodyFor === 'transcription'
    ? `  -F 'model=${model}' -F 'file=@${recording}'`
    : `  -d '${JSON.stringify(bodyOf(bodyFor, model))}'`
}

/**
 * No text has a quote, so that shell and Python read them as they stand. What generates is asked without sampling: the answer is
 * that of the verified boot, each time.
 */
function bodyOf(bodyFor: Exclude<MainQuestion['bodyFor'], 'transcription'>, model: string): Json {
  switch (bodyFor) {
    case 'openai-chat':
      return { model, messages: [{ role: 'user', content: firstPrompt }], temperature: 0 }
    case 'openai-completion':
      return { model, prompt: beginning, max_tokens: 16, temperature: 0 }
    case 'openai-embedding':
      return { model, input: documents }
    case 'rerank':
      return { model, query: firstPrompt, documents }
  }
}

function pythonOf({ bodyFor }: MainQuestion, model: string): string[] {
  const listed = JSON.stringify(documents)
  switch (bodyFor) {
    case 'openai-chat':
      return [
        `messages = [{"role": "user", "content": "${firstPrompt}"}]`,
        `answer = client.chat.completions.create(model=${model}, messages=messages, temperature=0)`,
        'print(answer.choices[0].message.content)',
      ]
    case 'openai-completion':
      return [
        `answer = client.completions.create(model=${model}, prompt="${beginning}", max_tokens=16, temperature=0)`,
        'print(answer.choices[0].text)',
      ]
    case 'openai-embedding':
      return [
        `answer = client.embeddings.create(model=${model}, input=${listed})`,
        'print([len(entry.embedding) for entry in answer.data])',
      ]
    case 'rerank':
      return [
        // OpenAI has no interface for it; its client takes any path.
        `body = {"model": ${model}, "query": "${firstPrompt}", "documents": ${listed}}`,
        'print(client.post("/rerank", body=body, cast_to=object))',
      ]
    case 'transcription':
      return [
        `with open("${recording}", "rb") as file:`,
        `    print(client.audio.transcriptions.create(model=${model}, file=file).text)`,
      ]
  }
}
