import type { ImagePlan } from '../plan/plan.ts'

/** What a person asks a server first. */
export const firstPrompt = 'What is the capital of France? Answer in one word.'

/** The first question to a server at `url`, to paste into a shell: by curl, and by OpenAI's client for Python. */
export function firstQuestion(url: string, { model, verify }: Pick<ImagePlan, 'model' | 'verify'>): string {
  const { path } = verify.behaviour.ask
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: firstPrompt }] })
  return [
    `curl ${url}${path} \\`,
    `  -H 'content-type: application/json' \\`,
    `  -d '${body}'`,
    '',
    "python3 - <<'END'",
    'from openai import OpenAI',
    '',
    `client = OpenAI(base_url="${url}/v1", api_key="none")`,
    `messages = [{"role": "user", "content": "${firstPrompt}"}]`,
    `print(client.chat.completions.create(model=${JSON.stringify(model)}, messages=messages).choices[0].message.content)`,
    'END',
    '',
  ].join('\n')
}
