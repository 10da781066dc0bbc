import { expect, onTestFinished, test } from 'vitest'
import { openConnection } from '../../../pipelines/network/connection.ts'
import { basicLogin } from '../../../pipelines/network/login.ts'
import { openSession } from '../../../pipelines/registry-client/session.ts'
import { newUpload } from '../../../pipelines/registry-client/upload.ts'
import { startAnswering } from '../../servers/answering.ts'

test('a login goes with no upload to the storage of another host that the registry names', async () => {
  const [here, elsewhere]: [(string | undefined)[], (string | undefined)[]] = [[], []]
  const storage = await startAnswering((request, response) => {
    elsewhere.push(request.headers.authorization)
    response.writeHead(201).end()
  })
  const registry = await startAnswering((request, response) => {
    here.push(request.headers.authorization)
    const isKnown = request.headers.authorization !== undefined
    if (!isKnown) return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    return response.writeHead(202, { location: `${storage.url}/upload?state=1` }).end()
  })
  const { fetch, close } = openConnection({})
  onTestFinished(async () => {
    await close()
    for (const server of [storage, registry]) await server.close()
  })
  const login = basicLogin('robot', 'correct-horse', 'a test')
  const session = openSession({ host: registry.host, name: 'a/b' }, { fetch, login: async () => login })
  const { url } = await newUpload(session)
  await session.ask({ method: 'PUT', url, body: Buffer.from('bytes') })
  expect(here.at(-1)).toBe(`Basic ${Buffer.from('robot:correct-horse').toString('base64')}`)
  expect(elsewhere).toEqual([undefined])
})
