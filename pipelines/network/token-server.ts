import { z } from 'zod'
import { publicUrl } from './address.ts'
import type { Challenge } from './challenge.ts'
import { LoginError } from './error.ts'
import type { Login } from './login.ts'

export interface TokenRequest {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body?: Uint8Array
}

/** What to ask the token server that a registry names. Throws `unauthorized` where a password would go there in the clear. */
export function tokenRequest(
  { realm, service }: Extract<Challenge, { type: 'bearer' }>,
  scopes: readonly string[],
  login: Login | undefined,
): TokenRequest {
  requireSafeRealm(realm, login)
  if (login?.type === 'identity') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: login.reveal(),
      client_id: 'ingot',
      scope: scopes.join(' '),
      ...(service !== undefined && { service }),
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return { method: 'POST', url: realm, headers, body: Buffer.from(form.toString()) }
  }
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  return { method: 'GET', url: url.href, headers: login ? { authorization: `Basic ${login.reveal()}` } : {} }
}

const tokenAnswer = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
})

// What the token specification says of servers that name no time: 60 s.
const usualLifeSeconds = 60

/** The token in an answer and how long it lives; undefined where there is none. */
export function tokenIn(answer: Uint8Array): { token: string; lifeMs: number } | undefined {
  const parsed = tokenAnswer.safeParse(jsonOf(answer))
  const token = parsed.data?.token ?? parsed.data?.access_token
  return token ? { token, lifeMs: (parsed.data?.expires_in ?? usualLifeSeconds) * 1000 } : undefined
}

/** A registry may name any token server; a password never goes there in the clear, except on this machine. */
function requireSafeRealm(realm: string, login: Login | undefined): void {
  const { protocol, hostname } = new URL(realm)
  if (login === undefined || protocol === 'https:' || /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname))
    return
  throw new LoginError('unauthorized', {
    attempted: `log in at ${publicUrl(realm)}`,
    found: 'the registry names a token server that takes passwords without encryption',
    hint: 'correct the realm in the configuration of the registry',
  })
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
