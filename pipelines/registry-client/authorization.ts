import { publicUrl } from '../network/address.ts'
import { kindOfAnswer, portalHint } from '../network/answer.ts'
import { type Challenge, parseChallenge } from '../network/challenge.ts'
import type { Login } from '../network/login.ts'
import { tokenIn, tokenRequest } from '../network/token-server.ts'
import type { WireAnswer } from './answer.ts'
import { PublishError } from './error.ts'
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

async function fetchToken(
  options: AuthorizationOptions,
  challenge: Extract<Challenge, { type: 'bearer' }>,
  login: Login | undefined,
): Promise<Held> {
  const { transport, scopes } = options
  const answered = await transport.send(tokenRequest(challenge, scopes, login))
  if (answered.status === 401 || answered.status === 403)
    throw refusedLogin(options.host, login, `its token server answered ${answered.status}`)
  if (answered.status !== 200)
    throw tokenServerFailed(challenge.realm, `it answered ${answered.status}`, answered)
  const found = tokenIn(answered.bytes)
  const text = Buffer.from(answered.bytes).toString('utf8')
  if (found === undefined)
    throw tokenServerFailed(
      challenge.realm,
      `it sent ${kindOfAnswer({ text, contentType: answered.headers['content-type'] })}, which holds no token`,
    )
  return {
    header: `Bearer ${found.token}`,
    renewAtMs: Date.now() + found.lifeMs * (1 - renewAheadShare),
  }
}

function tokenServerFailed(realm: string, found: string, answered?: WireAnswer): PublishError {
  const transient = answered !== undefined && (answered.status === 429 || answered.status >= 500)
  return new PublishError(transient ? 'network' : 'bad-answer', {
    attempted: `get a token from ${publicUrl(realm)}`,
    found,
    hint: transient
      ? 'the token server is busy or broken; try again later'
      : `check the registry’s configuration; ${portalHint}`,
  })
}

function refusedLogin(host: string, login: Login | undefined, found: string): PublishError {
  return new PublishError('unauthorized', {
    attempted: `publish to ${host}`,
    found: `${found}, and ${login ? `the one from ${login.origin} is refused` : 'none is known for it here'}`,
    hint: `log in with \`docker login ${host}\` or \`podman login ${host}\` as a user who may push, or give --username and --password-from`,
  })
}
