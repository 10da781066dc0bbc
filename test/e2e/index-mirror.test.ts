import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from '@dagger.io/dagger'
import { beforeAll, expect, test } from 'vitest'
import { pythonSource } from '../../images/engines/python-environment.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { mirrorOf } from '../../pipelines/software/index-mirror.ts'
import { installPython, resolvePython } from '../../pipelines/software/python.ts'
import { configuredIndexes } from '../../pipelines/weights/python-index.ts'

const password = 'mirror-password'
const authorization = `Basic ${Buffer.from(`ada:${password}`).toString('base64')}`
const source = pythonSource({ folder: '/opt/tiny', distribution: 'six' })

const asked: string[] = []
let lock: Awaited<ReturnType<typeof resolvePython>>
let installed: string
let found: string

/** An index that answers only those who know its password, with what this machine's own index says. */
async function serveMirror(): Promise<{ port: number; close(): void }> {
  const [index = ''] = await configuredIndexes(readSettings({ PATH: process.env['PATH'] }))
  const server = createServer(async (request, response) => {
    if (request.headers.authorization !== authorization)
      return void response.writeHead(401, { 'www-authenticate': 'Basic' }).end()
    asked.push(`${request.headers['user-agent']?.split('/')[0]} ${request.url}`)
    const name = request.url?.split('/').filter(Boolean).at(-1)
    const { accept = '*/*' } = request.headers
    const answer = await fetch(`${index.replace(/\/$/, '')}/${name}/`, { headers: { accept } })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/html' })
    response.end(await answer.text())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo
  return { port, close: () => void server.close() }
}

beforeAll(async () => {
  const served = await serveMirror()
  const environment = {
    PIP_INDEX_URL: `http://ada:${password}@mirror:${served.port}/simple/`,
    PIP_TRUSTED_HOST: 'mirror',
  }
  try {
    await connect(async (client) => {
      const configured = await mirrorOf(client, readSettings(environment))
      const service = client.host().service([{ frontend: served.port, backend: served.port }])
      const place = {
        factory: undefined,
        platform: 'linux/amd64',
        mirror: (container: Parameters<typeof configured>[0]) =>
          configured(container.withServiceBinding('mirror', service)),
      }
      const now = new Date().toISOString()
      lock = await resolvePython(client, source, '1.17.0', { ...place, now })
      const container = await installPython(client, source, lock, place)
      const says = ['sh', '-c', `/opt/tiny/bin/python -c 'import six; print(six.__version__)'`]
      installed = await container.withExec(says).stdout()
      const search = `grep -rlE 'mirror-pass|mirror:${served.port}' /opt /tmp /etc /root /usr/lib/python3* /var || true`
      const tree = client.container().withRootfs(container.rootfs())
      found = await tree.withExec(['sh', '-c', search]).stdout()
    })
  } finally {
    served.close()
  }
})

test('pip and uv ask the index that this machine is configured for, by its password', () => {
  expect(asked).toContainEqual(expect.stringMatching(/^pip \/simple\/uv\/$/))
  expect(asked).toContainEqual(expect.stringMatching(/^uv \/simple\/six\/$/))
  expect(installed).toBe('1.17.0\n')
})

test('neither the lock nor the tree says where that was', () => {
  expect(lock.distributions.map(({ name, version }) => `${name} ${version}`)).toEqual(['six 1.17.0'])
  expect(JSON.stringify(lock)).not.toMatch(/mirror|ada/)
  expect(found).toBe('')
})
