import { createSign, randomUUID, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Certificate } from './certificates.ts'

export interface TokenServer {
  realm: string
  /** Scopes that were asked for, with whether the login was right. */
  seen: { scopes: string[]; isKnown: boolean }[]
  close(): Promise<void>
}

/**
 * Hands out tokens as the distribution project specifies them, signed by a certificate that the registry trusts:
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export async function startTokenServer(options: {
  certificate: Certificate
  service: string
  issuer: string
  login: string
  lifeSeconds?: number
}): Promise<TokenServer> {
  const { service, issuer, login, lifeSeconds = 60 } = options
  const [pem, key] = await Promise.all([
    readFile(options.certificate.certificate),
    readFile(options.certificate.key),
  ])
  const x5c = [new X509Certificate(pem).raw.toString('base64')]
  const seen: TokenServer['seen'] = []
  const server = createServer((request, answer) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const scopes = url.searchParams.getAll('scope')
    const isKnown = request.headers.authorization === `Basic ${Buffer.from(login).toString('base64')}`
    seen.push({ scopes, isKnown })
    if (!isKnown) return void answer.writeHead(401).end()
    const access = scopes.map((scope) => {
      const [type = '', name = '', actions = ''] = scope.split(':')
      return { type, name, actions: actions.split(',') }
    })
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: issuer,
      sub: 'robot',
      aud: service,
      iat: now,
      nbf: now - 5,
      exp: now + lifeSeconds,
      jti: randomUUID(),
      access,
    }
    const token = signed({ typ: 'JWT', alg: 'ES256', x5c }, claims, key)
    answer
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ token, expires_in: lifeSeconds }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    realm: `http://127.0.0.1:${port}/token`,
    seen,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function signed(header: object, claims: object, key: Buffer): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature = createSign('SHA256').update(text).sign({ key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}
