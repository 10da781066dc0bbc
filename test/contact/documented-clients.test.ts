import { beforeAll, describe, expect, test } from 'vitest'
import { askWithClients, type Clients } from '../e2e/clients.ts'
import { documentedEngines, model, servers } from '../images/engines/documented-engines.ts'
import { withDocumented, words } from '../images/engines/documented-server.ts'

/** The servers that stand in for engines without a GPU are held against clients that nobody here wrote. */
describe.each(documentedEngines)('%s as documented', (id) => {
  const asked = id === 'tgi' ? 'tgi' : model
  let clients: Clients

  beforeAll(async () => {
    clients = await withDocumented(servers[id], (url) =>
      id === 'tgi' ? askWithClients(url, asked, 'native') : askWithClients(url, asked),
    )
  })

  test('openai and huggingface_hub read whole and streamed answers', () => {
    for (const { answer, streamed, tokens, pieces } of [clients.openai, clients.huggingface]) {
      expect(answer).toBe(words.join(''))
      expect(streamed).toBe(answer)
      expect(tokens).toBe(words.length)
      expect(pieces).toBe(words.length)
    }
    expect(clients.openai).toMatchObject({
      models: servers[id].models,
      answeredBy: servers[id].nameFor(asked),
      streamedTokens: [words.length],
      completion: words.join(''),
    })
  })

  test('they raise what the status means', () => {
    const { status } = servers[id].errors.tooLong
    const type = status === 422 ? 'UnprocessableEntityError' : 'BadRequestError'
    expect(clients.openai.tooLong).toMatchObject({ type, status })
    expect(clients.openai.noMessages.status).toBe(servers[id].errors.invalid.status)
    expect(clients.openai.noPath).toMatchObject({ type: 'NotFoundError', status: 404 })
    expect(clients.huggingface.tooLong.status).toBe(status)
  })

  if (id !== 'tgi') return
  test('huggingface_hub reads the native interface, whole and streamed', () => {
    expect(clients.native).toEqual({
      answer: words.join(''),
      streamed: words.join(''),
      tokens: words.length,
      pieces: words.length,
    })
  })
})
