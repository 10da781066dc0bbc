import { describe, expect, test } from 'vitest'
import type { HttpProbe } from '../../../images/boot/probe.ts'
import { engineOf } from '../../../images/engines/engines.ts'
import { runProbe } from '../../../pipelines/verify/ask.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { type Handler, serve } from '../../servers/openai.ts'
import { documentedEngines, servers } from './documented-engines.ts'
import { type Documented, withDocumented } from './documented-server.ts'
import { deploymentFor, recipeFor } from './fixtures.ts'

const json = 'application/json'

function probesOf(id: EngineId): HttpProbe[] {
  const { readiness, probes } = engineOf(id).behaviour(deploymentFor(recipeFor(id)))
  return [{ ...readiness, timeoutSeconds: 5 }, ...probes.map((probe) => ({ ...probe, timeoutSeconds: 5 }))]
}

async function failures(id: EngineId, documented: Documented): Promise<string[]> {
  return withDocumented(documented, async (url) => {
    const failed: string[] = []
    for (const probe of probesOf(id)) {
      const began = performance.now()
      const { status, observed } = await runProbe(url, probe, {
        clock: { now: () => performance.now() - began },
      })
      if (status !== 'passed') failed.push(`${probe.id}: ${observed}`)
    }
    return failed
  })
}

test.each(documentedEngines)('%s as documented passes every probe', async (id) => {
  expect(await failures(id, servers[id])).toEqual([])
})

describe('a server that is another engine fails', () => {
  test('TGI answered by vLLM: another model, no native endpoint', async () => {
    const failed = await failures('tgi', servers.vllm)
    expect(failed.join('\n')).toMatch(/ready:/)
    expect(failed.join('\n')).toMatch(/info: status 404/)
  })

  test('SGLang answered by TensorRT-LLM: other errors, no /generate', async () => {
    const failed = await failures('sglang', servers['tensorrt-llm'])
    expect(failed.join('\n')).toMatch(/generate: status 404/)
    expect(failed.join('\n')).toMatch(/malformed-json: /)
  })

  test('vLLM under another model name is not ready', async () => {
    const failed = await failures('vllm', { ...servers.vllm, nameFor: () => 'other', models: ['other'] })
    expect(failed[0]).toMatch(/^ready: model is "other" instead of/)
    expect(failed.find((line) => line.startsWith('models:'))).toMatch(/lacks/)
  })
})

describe.each(documentedEngines)('%s with one fault', (id) => {
  const documented = servers[id]

  const asked = probesOf(id).map(({ request: { method, path } }) => `${method} ${path}`)

  test.each(Object.keys(documented.native).filter((route) => asked.includes(route)))(
    'without %s fails',
    async (route) => {
      const { [route]: _, ...native } = documented.native
      const failed = await failures(id, { ...documented, native })
      expect(failed).not.toEqual([])
      for (const line of failed) expect(line).toContain('status 404')
    },
  )

  // Where a definition knows no status of an engine, no answer can be wrong; an unknown model is accepted by three.
  test.each(Object.keys(documented.errors))('with another status for %s fails', async (name) => {
    const errors = { ...documented.errors, [name]: { status: 418, type: json, body: '{}' } }
    const failed = await failures(id, { ...documented, errors })
    expect(failed.length > 0).toBe(name !== 'unknownModel' || documented.nameFor('no-such-model') === null)
    for (const line of failed) expect(line).toContain('status 418')
  })

  test.each([
    ['answers prompts that are too long', { cutsPrompts: true }, 'prompt-too-long'],
    ['generates without an end', { takesNegativeTokens: true }, 'negative-max-tokens'],
    ['lists another model', { models: ['another'] }, 'models'],
  ])('that %s fails', async (_, fault, probe) => {
    expect(await failures(id, { ...documented, ...fault })).toEqual([expect.stringMatching(`^${probe}: `)])
  })
})

test.each(documentedEngines)('%s: no probe is content with rubbish of the right status', async (id) => {
  const content = probesOf(id).filter(({ expect: { type, ...rest } }) => type !== 'text' || !isEmpty(rest))
  expect(content.length).toBeGreaterThan(8)
  for (const probe of content)
    expect(await observedFrom(probe, probe.expect.status), probe.id).not.toBe('passed')
})

function isEmpty(expectation: object): boolean {
  return 'contains' in expectation && Array.isArray(expectation.contains) && expectation.contains.length === 0
}

/** What a probe says of a server that answers everything with one page. */
async function observedFrom(probe: HttpProbe, status: number): Promise<string> {
  const page: Handler = (_, response) =>
    void response.writeHead(status, { 'content-type': json }).end('{"page": "It works!"}')
  const own = ['GET /health', 'GET /v1/models', 'POST /v1/chat/completions', 'default']
  const server = await serve(Object.fromEntries(own.map((route) => [route, page])))
  try {
    return (await runProbe(server.url, probe, { clock: { now: () => 0 } })).status
  } finally {
    await server.close()
  }
}
