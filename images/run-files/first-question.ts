import type { ImagePlan } from '../plan/plan.ts'
import { curlBody, formOf, pythonLines } from './question-forms.ts'

/** What of a plan a first question follows from. */
export type QuestionPlan = Pick<ImagePlan, 'model' | 'verify' | 'tasks'>

/**
 * The first question to a server at `url`, to paste into a shell: by curl, and by OpenAI's client for Python. It is of the task
 * that the model is served for; a picture or a recording is a file of the person's own. A key is read from the variable that the
 * server reads it from.
 */
export function firstQuestion(url: string, { model, verify, tasks = ['chat'] }: QuestionPlan): string {
  const { ask } = verify.behaviour
  const form = formOf(ask, tasks)
  const key = verify.apiKey?.variable
  const imports = [...(form === 'vision' ? ['base64'] : []), ...(key === undefined ? [] : ['os'])]
  return [
    `curl ${url}${ask.path} \\`,
    ...(form === 'transcription' ? [] : [`  -H 'content-type: application/json' \\`]),
    ...(key === undefined ? [] : [`  -H "authorization: Bearer $${key}" \\`]),
    curlBody(form, model),
    '',
    "python3 - <<'END'",
    ...imports.map((name) => `import ${name}`),
    'from openai import OpenAI',
    '',
    `client = OpenAI(base_url="${url}/v1", api_key=${key === undefined ? '"none"' : `os.environ["${key}"]`})`,
    ...pythonLines(form, JSON.stringify(model)),
    'END',
    '',
  ].join('\n')
}
