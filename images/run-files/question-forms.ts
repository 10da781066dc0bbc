import type { Json } from '../../lib/json.ts'
import type { ModelTask } from '../../recipes/tasks.ts'
import type { MainQuestion } from '../boot/probe.ts'

/** What a person asks a server first. */
export const firstPrompt = 'What is the capital of France? Answer in one word.'

const beginning = 'The capital of France is'
const documents = ['Bananas are yellow.', 'Paris is the capital of France.']

/** A recording and a picture are the person's own: any that the server reads. */
const recording = 'speech.wav'
const picture = 'picture.png'

const aboutPicture = 'What is in this picture?'
const aboutWeather = 'What is the weather in Paris?'

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Tells the weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

const capital = {
  type: 'json_schema',
  json_schema: {
    name: 'capital',
    schema: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
}

/** How a first question looks: as the server's main one, or as what a chat is served for besides. */
export type FirstForm = MainQuestion['bodyFor'] | SkillForm
type SkillForm = 'vision' | 'tools' | 'structured'

/** What a chat is asked for the most special of its tasks; any other server its main question. */
export function formOf({ bodyFor }: MainQuestion, tasks: readonly ModelTask[]): FirstForm {
  if (bodyFor !== 'openai-chat') return bodyFor
  return (['vision', 'tools', 'structured'] as const).find((task) => tasks.includes(task)) ?? bodyFor
}

/** What curl sends, as it stands behind its headers in a shell. No text has a quote. */
export function curlBody(form: FirstForm, model: string): string {
  switch (form) {
    case 'transcription':
      return `  -F 'model=${model}' -F 'file=@${recording}'`
    case 'vision':
      // A picture is longer than an argument may be.
      return ['  -d @- <<END', pictureBody(model), 'END'].join('\n')
    default:
      return `  -d '${JSON.stringify(bodyOf(form, model))}'`
  }
}

function pictureBody(model: string): string {
  const url = `data:image/png;base64,$(base64 < ${picture} | tr -d '\\n')`
  const content = [
    { type: 'text', text: aboutPicture },
    { type: 'image_url', image_url: { url } },
  ]
  // The only backslash is the shell's.
  return JSON.stringify({ model, messages: [{ role: 'user', content }] }).replace('\\\\n', '\\n')
}

const said = (content: string) => [{ role: 'user', content }]

/** What generates is asked without sampling: the answer is that of the verified boot, each time. */
function bodyOf(form: Exclude<FirstForm, 'transcription' | 'vision'>, model: string): Json {
  switch (form) {
    case 'openai-chat':
      return { model, messages: said(firstPrompt), temperature: 0 }
    case 'tools':
      return { model, messages: said(aboutWeather), tools: [weather], temperature: 0 }
    case 'structured':
      return { model, messages: said(firstPrompt), response_format: capital, temperature: 0 }
    case 'openai-completion':
      return { model, prompt: beginning, max_tokens: 16, temperature: 0 }
    case 'openai-embedding':
      return { model, input: documents }
    case 'rerank':
      return { model, query: firstPrompt, documents }
  }
}

/** The same by OpenAI's client, which is called `client`. `model` is a text of Python. */
export function pythonLines(form: FirstForm, model: string): string[] {
  const listed = JSON.stringify(documents)
  switch (form) {
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
    default:
      return chatLines(form, model)
  }
}

function chatLines(form: 'openai-chat' | SkillForm, model: string): string[] {
  const asked = (prompt: string, more = '') => [
    `messages = [{"role": "user", "content": "${prompt}"}]`,
    `answer = client.chat.completions.create(model=${model}, messages=messages${more}, temperature=0)`,
  ]
  const text = 'print(answer.choices[0].message.content)'
  switch (form) {
    case 'openai-chat':
      return [...asked(firstPrompt), text]
    case 'tools':
      return [
        `tools = [${JSON.stringify(weather)}]`,
        ...asked(aboutWeather, ', tools=tools'),
        'message = answer.choices[0].message',
        'print([call.function for call in message.tool_calls or []] or message.content)',
      ]
    case 'structured':
      return [
        // False is a word of its own in Python.
        `form = ${JSON.stringify(capital).replaceAll(':false', ':False')}`,
        ...asked(firstPrompt, ', response_format=form'),
        text,
      ]
    case 'vision':
      return [
        `picture = base64.b64encode(open("${picture}", "rb").read()).decode()`,
        `image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + picture}}`,
        `messages = [{"role": "user", "content": [{"type": "text", "text": "${aboutPicture}"}, image]}]`,
        `answer = client.chat.completions.create(model=${model}, messages=messages)`,
        text,
      ]
  }
}
