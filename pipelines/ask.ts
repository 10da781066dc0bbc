import { type Answer, differences, valuesAt } from '../images/answers.ts'
import { chatBody } from '../images/openai-probes.ts'
import type { HttpProbe, ProbeRequest } from '../images/probe.ts'
import type { CheckResult, RecordedAnswer } from '../images/report.ts'
import { errnoOf, messageOf } from '../lib/error.ts'
import type { Json } from '../lib/json.ts'

/** Largest body that is read of one answer; a server that sends more is broken or not ours. */
const bodyLimitBytes = 16 * 1024 * 1024

/** Puts one question to the server and judges the answer. Never throws: a broken connection is a failed check. */
export async function runProbe(url: string, probe: HttpProbe, signal?: AbortSignal): Promise<CheckResult> {
  const began = performance.now()
  const outcome = await send(url, probe.request, probe.timeoutSeconds * 1000, signal).then(
    (answer) => ({ wrong: differences(answer, probe.expect), evidence: answer.body.slice(0, 1000) }),
    (error: unknown) => ({ wrong: [connectionTrouble(error, probe.timeoutSeconds)], evidence: '' }),
  )
  return {
    id: probe.id,
    group: probe.group,
    title: probe.title,
    required: probe.required,
    status: outcome.wrong.length === 0 ? 'passed' : 'failed',
    expected: expectedWords(probe),
    observed: outcome.wrong.length === 0 ? 'as expected' : outcome.wrong.join('; '),
    durationMs: performance.now() - began,
    evidence: outcome.evidence,
  }
}

/** One prompt answered greedily through the chat endpoint; throws when the server does not answer. */
export async function recordAnswer(url: string, model: string, prompt: string): Promise<RecordedAnswer> {
  const began = performance.now()
  const answer = await send(
    url,
    { method: 'POST', path: '/v1/chat/completions', body: chatBody(model, prompt, 64) },
    300_000,
  )
  const body = JSON.parse(answer.body) as Json
  const [content] = valuesAt(body, 'choices.0.message.content')
  const [tokens] = valuesAt(body, 'usage.completion_tokens')
  return {
    prompt,
    answer: typeof content === 'string' ? content : '',
    tokens: typeof tokens === 'number' ? tokens : 0,
    durationMs: performance.now() - began,
  }
}

async function send(
  url: string,
  request: ProbeRequest,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(Math.ceil(timeoutMs))
  const body = request.raw ?? (request.body === undefined ? undefined : JSON.stringify(request.body))
  const response = await fetch(`${url}${request.path}`, {
    method: request.method,
    ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
    signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
    redirect: 'manual',
  })
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    body: await limitedText(response),
  }
}

async function limitedText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > bodyLimitBytes) throw new Error(`the answer is longer than ${bodyLimitBytes} bytes`)
  }
  return text + decoder.decode()
}

function connectionTrouble(error: unknown, timeoutSeconds: number): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no complete answer within ${timeoutSeconds} s`
  const cause = error instanceof Error ? error.cause : undefined
  return `connection failed: ${errnoOf(cause) ?? messageOf(cause ?? error)}`
}

function expectedWords({ expect }: HttpProbe): string {
  switch (expect.type) {
    case 'text':
      return `${expect.status} with ${expect.contains.join(', ')}`
    case 'json':
      return `${expect.status} with ${expect.checks.map((check) => check.at).join(', ') || 'any JSON'}`
    case 'event-stream':
      return `${expect.status}, events with text${expect.endMarker === null ? '' : `, then ${expect.endMarker}`}`
    case 'json-lines':
      return `${expect.status}, JSON lines with text`
  }
}
