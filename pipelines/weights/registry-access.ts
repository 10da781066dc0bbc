import { optional } from '../../lib/optional.ts'
import { publicUrl } from '../network/address.ts'
import { kindOfAnswer, portalHint } from '../network/answer.ts'
import { parseChallenge } from '../network/challenge.ts'
import { findLogin } from '../network/login.ts'
import { tokenIn, tokenRequest } from '../network/token-server.ts'
import type { Fetch } from './connection.ts'
import { WeightsError } from './error.ts'
import { getText } from './http.ts'
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

async function answerChallenge(host: string, header: string, session: SourceSession): Promise<string> {
  const login = await findLogin(host, session.environment)
  const challenge = parseChallenge(header)
  if (challenge.type === 'basic' && login?.type === 'basic') return `Basic ${login.basic}`
  if (challenge.type !== 'bearer') throw refused(host, 401)
  const { scope } = challenge
  const asked = tokenRequest(challenge, scope === undefined ? [] : [scope], login)
  const { headers, body } = asked
  const answer = await getText(asked.url, { ...session, headers, ...optional('body', body) })
  const found = tokenIn(Buffer.from(answer.text))
  if (found === undefined) throw noToken(challenge.realm, answer.text, answer.headers.get('content-type'))
  return `Bearer ${found.token}`
}

function noToken(realm: string, text: string, contentType: string | null): WeightsError {
  return new WeightsError('bad-answer', {
    attempted: `get a token from ${publicUrl(realm)}`,
    found: `the server sent ${kindOfAnswer({ text, contentType })}, which holds no token`,
    hint: `check the configuration of the registry; ${portalHint}`,
  })
}

function refused(host: string, status: number): WeightsError {
  return new WeightsError('unauthorized', {
    attempted: `read from the registry ${host}`,
    found: `it answered ${status}`,
    hint: `log in with \`docker login ${host}\` or \`podman login ${host}\` as a user who may pull, and check the name`,
  })
}
