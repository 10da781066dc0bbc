import { z } from 'zod'
import { publicUrl } from '../weights/http.ts'
import type { WireAnswer } from './answer.ts'
import { type Challenge, parseChallenge } from './challenge.ts'
import { PublishError } from './error.ts'
import type { Login } from './login.ts'
import type { Transport } from './transport.ts'

/** Keeps the `Authorization` of one registry up to date for all requests that run at the same time. */
export interface Authorization {
  /** The header to send now; a token that is about to expire is renewed first. */
  header(): Promise<string | undefined>
  /** Answers a 401 that came for `used`; throws `unauthorized` when the registry takes no login of ours. */
  renew(used: string | undefined, answer: WireAnswer): Promise<void>
}

export interface AuthorizationOptions {
  host: string
  /** What tokens are asked for: `repository:NAME:pull,push`, and `pull` of those that are mounted from. */
  scopes: readonly string[]
  transport: Transport
  login(): Promise<Login | undefined>
}

interface Held {
  header: string
  /** Time after which the token is not used any more; infinite for a password. */
  renewAtMs: number
}

// A token that ends while a blob is on its way costs the blob: most servers look at it when the request begins.
const renewAheadShare = 0.2

/** Starts without any: the registry says what it wants. */
export function openAuthorization(options: AuthorizationOptions): Authorization {
  let held: Held | undefined
  let challenge: Challenge | undefined
  let renewing: Promise<void> | undefined
  function obtain(): Promise<void> {
    renewing ??= answer(options, challenge ?? { type: 'unknown' })
      .then((next) => {
        held = next
      })
      .finally(() => {
        renewing = undefined
      })
    return renewing
  }
  return {
    async header() {
      await renewing
      if (held !== undefined && Date.now() >= held.renewAtMs) await obtain()
      return held?.header
    },
    async renew(used, refused) {
      // Somebody else got a new one meanwhile.
      if (held !== undefined && used !== held.header) return
      challenge = parseChallenge(refused.headers['www-authenticate'] ?? '')
      await obtain()
    },
  }
}

async function answer(options: AuthorizationOptions, challenge: Challenge): Promise<Held> {
  const login = await options.login()
  if (challenge.type === 'bearer') return fetchToken(options, challenge, login)
  if (challenge.type === 'basic' && login?.type === 'basic')
    return { header: `Basic ${login.basic}`, renewAtMs: Number.POSITIVE_INFINITY }
  throw refusedLogin(options.host, login, 'it asks for a login')
}

const tokenAnswer = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
})

// What the token specification says of servers that name no time: 60 s.
const usualLifeSeconds = 60

async function fetchToken(
  options: AuthorizationOptions,
  challenge: Extract<Challenge, { type: 'bearer' }>,
  login: Login | undefined,
): Promise<Held> {
  requireSafeRealm(challenge.realm, login)
  const answered = await askTokenServer(options, challenge, login)
  if (answered.status === 401 || answered.status === 403)
    throw refusedLogin(options.host, login, `its token server answered ${answered.status}`)
  if (answered.status !== 200)
    throw tokenServerFailed(challenge.realm, `it answered ${answered.status}`, answered)
  const parsed = tokenAnswer.safeParse(jsonOf(answered.bytes))
  const token = parsed.data?.token ?? parsed.data?.access_token
  if (!token) throw tokenServerFailed(challenge.realm, 'its answer holds no token')
  const lifeMs = (parsed.data?.expires_in ?? usualLifeSeconds) * 1000
  return { header: `Bearer ${token}`, renewAtMs: Date.now() + lifeMs * (1 - renewAheadShare) }
}

function askTokenServer(
  { transport, scopes }: AuthorizationOptions,
  { realm, service }: Extract<Challenge, { type: 'bearer' }>,
  login: Login | undefined,
): Promise<WireAnswer> {
  if (login?.type === 'identity') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: login.token,
      client_id: 'ingot',
      scope: scopes.join(' '),
      ...(service !== undefined && { service }),
    })
    const body = Buffer.from(form.toString())
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return transport.send({ method: 'POST', url: realm, headers, body })
  }
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  const headers = login ? { authorization: `Basic ${login.basic}` } : {}
  return transport.send({ method: 'GET', url: url.href, headers })
}

/** A registry may name any token server; a password never goes there in the clear, except on this machine. */
function requireSafeRealm(realm: string, login: Login | undefined): void {
  const { protocol, hostname } = new URL(realm)
  if (login === undefined || protocol === 'https:' || /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname))
    return
  throw new PublishError('unauthorized', {
    attempted: `log in at ${publicUrl(realm)}`,
    found: 'the registry names a token server that takes passwords without encryption',
    hint: 'correct the realm in the configuration of the registry',
  })
}

function tokenServerFailed(realm: string, found: string, answered?: WireAnswer): PublishError {
  const transient = answered !== undefined && (answered.status === 429 || answered.status >= 500)
  return new PublishError(transient ? 'network' : 'bad-answer', {
    attempted: `get a token from ${publicUrl(realm)}`,
    found,
    hint: transient
      ? 'the token server is busy or broken; try again later'
      : 'check the registry’s configuration',
  })
}

function refusedLogin(host: string, login: Login | undefined, found: string): PublishError {
  return new PublishError('unauthorized', {
    attempted: `publish to ${host}`,
    found: `${found}, and ${login ? `the one from ${login.origin} is refused` : 'none is known for it here'}`,
    hint: `log in with \`docker login ${host}\` or \`podman login ${host}\` as a user who may push, or give --username and --password-from`,
  })
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
