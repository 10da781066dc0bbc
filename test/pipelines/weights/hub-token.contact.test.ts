import { expect, onTestFinished, test } from 'vitest'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { type AnsweringServer, startAnswering } from '../../servers/answering.ts'
import { contextFor } from './samples.ts'

const token = 'hf_abcdefghijklmnopqrstuvwxyz'
const commit = 'c0'.repeat(20)
const list = (path: string) =>
  JSON.stringify([
    { type: 'file', path, size: 2, oid: '0'.repeat(40), lfs: { oid: 'a'.repeat(64), size: 2 } },
  ])

type Handler = Parameters<typeof startAnswering>[0]

async function serverWith(answer: Handler): Promise<AnsweringServer> {
  const server = await startAnswering(answer)
  onTestFinished(() => server.close())
  return server
}

/** Answers the questions of `ingot lock` as the Hub does, and notes the login of each. */
function answering(logins: (string | undefined)[]): Handler {
  return (request, response) => {
    logins.push(request.headers.authorization)
    response.setHeader('content-type', 'application/json')
    if (request.url?.includes('/revision/'))
      return response.end(JSON.stringify({ _id: '1', id: 'acme/tiny', sha: commit }))
    if (request.url?.includes('/tree/')) return response.end(list('second.gguf'))
    return response.end('{}')
  }
}

async function locked({ url }: AnsweringServer): Promise<unknown> {
  const context = contextFor({ HF_ENDPOINT: url, HF_TOKEN: token })
  return inventoryWeights({ type: 'huggingface', repo: 'acme/tiny', revision: 'main' }, context).catch(
    (error: unknown) => error,
  )
}

test('the token goes with no page of a list that lies on another host', async () => {
  const [here, elsewhere]: [(string | undefined)[], (string | undefined)[]] = [[], []]
  const other = await serverWith(answering(elsewhere))
  const honest = answering(here)
  const hub = await serverWith((request, response) => {
    if (!request.url?.includes('/tree/')) return honest(request, response)
    here.push(request.headers.authorization)
    response.setHeader('link', `<${other.url}/api/models/acme/tiny/tree/${commit}?cursor=2>; rel="next"`)
    return response.setHeader('content-type', 'application/json').end(list('first.gguf'))
  })
  await locked(hub)
  expect(here).toEqual([`Bearer ${token}`, `Bearer ${token}`])
  expect(elsewhere).toEqual([undefined])
})

test('the token goes with no question that the Hub sends to another host', async () => {
  const elsewhere: (string | undefined)[] = []
  const other = await serverWith(answering(elsewhere))
  const hub = await serverWith((request, response) =>
    response.writeHead(307, { location: `${other.url}${request.url}` }).end(),
  )
  await locked(hub)
  expect(elsewhere.length).toBeGreaterThan(0)
  expect(elsewhere.filter((login) => login !== undefined)).toEqual([])
})
