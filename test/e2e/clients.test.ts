import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withBooted } from './booted.ts'
import { askWithClients, type Clients } from './clients.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace } from './ingot.ts'

const model = 'smollm2-135m-instruct'
let place: Workplace
let clients: Clients

beforeAll(async () => {
  place = await newWorkplace()
  const built = await ingot(['build', demoRecipe, '--no-verify', '--json'], place)
  expect(built.code, built.stderr).toBe(0)
  clients = await withBooted(place, JSON.parse(built.stdout)[0], (url) => askWithClients(url, model))
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

test.each(['openai', 'huggingface'] as const)(
  '%s: whole and streamed greedy answers are the same text',
  (name) => {
    const { answer, streamed, tokens, pieces } = clients[name]
    expect(answer.toLowerCase()).toContain('paris')
    expect(streamed).toBe(answer)
    expect(tokens).toBeGreaterThan(0)
    expect(pieces).toBeGreaterThan(1)
  },
)

test('both clients get the same answer', () => {
  expect(clients.openai.answer).toBe(clients.huggingface.answer)
})

test('openai: models, usage and completions', () => {
  const { models, answeredBy, finish, tokens, streamedTokens, completion } = clients.openai
  expect(models).toEqual([model])
  expect(answeredBy).toBe(model)
  expect(finish).toBe('stop')
  expect(streamedTokens).toEqual([tokens])
  expect(completion.trim()).not.toBe('')
})

test('openai: errors are of the class that their status means', () => {
  const { tooLong, noMessages, noPath } = clients.openai
  expect(tooLong).toMatchObject({ type: 'BadRequestError', status: 400 })
  expect(tooLong.text).toContain('exceeds the available context size')
  expect(noMessages).toMatchObject({ type: 'BadRequestError', status: 400 })
  expect(noPath).toMatchObject({ type: 'NotFoundError', status: 404 })
})

test('huggingface: a refused prompt is an error with the words of the server', () => {
  expect(clients.huggingface.tooLong).toMatchObject({ type: 'BadRequestError', status: 400 })
})
