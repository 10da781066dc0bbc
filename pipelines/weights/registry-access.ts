import type { Fetch } from './connection.ts'
import { WeightsError } from './error.ts'
import { getText } from './http.ts'
import { registryLogin } from './registry-login.ts'
import type { SourceSession } from './source.ts'

/**
 * Requests to one registry: answers its challenge once with a token or with the user's login, and again when the token
 * has expired. The login goes to the registry and to the token server that it names, nowhere else.
 */
export function registryFetch(host: string, session: SourceSession): Fetch {
  let authorization: string | undefined
  return async (url, options) => {
    const ask = () =>
      session.fetch(url, {
        ...options,
        headers: { ...options?.headers, ...(authorization ? { authorization } : {}) },
      })
    const first = await ask()
    if (first.status !== 401) return first
    first.discard()
    authorization = await answerChallenge(host, first.headers.get('www-authenticate') ?? '', session)
    const second = await ask()
    if (second.status !== 401 && second.status !== 403) return second
    second.discard()
    throw refused(host, second.status)
  }
}

async function answerChallenge(host: string, challenge: string, session: SourceSession): Promise<string> {
  const login = await registryLogin(host, session)
  if (/^basic/i.test(challenge) && login) return login
  const parameters = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  )
  const { realm, service, scope } = parameters
  if (!/^bearer/i.test(challenge) || realm === undefined) throw refused(host, 401)
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  if (scope !== undefined) url.searchParams.set('scope', scope)
  const { text } = await getText(url.href, {
    ...session,
    ...(login ? { headers: { authorization: login } } : {}),
  })
  const answer = JSON.parse(text)
  return `Bearer ${answer.token ?? answer.access_token}`
}

function refused(host: string, status: number): WeightsError {
  return new WeightsError('unauthorized', {
    attempted: `read from the registry ${host}`,
    found: `it answered ${status}`,
    hint: `log in with \`docker login ${host}\` or \`podman login ${host}\` as a user who may pull, and check the name`,
  })
}
