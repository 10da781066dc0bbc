import { publicUrl } from '../network/address.ts'
import { kindOfAnswer, portalHint } from '../network/answer.ts'
import { type Challenge, parseChallenge } from '../network/challenge.ts'
import type { Fetch } from '../network/exchange.ts'
import { isTransientStatus } from '../network/http.ts'
import type { Login } from '../network/login.ts'
import { retryAfterMs } from '../network/retry.ts'
import { tokenIn, tokenRequest } from '../network/token-server.ts'
import { type WireAnswer, wholeAnswer } from './answer.ts'
import { RegistryError } from './error.ts'

/** Keeps the `Authorization` of one registry up to date for all requests that run at the same time. */
export interface Authorization {
  /** The header to send now; a token that is about to expire is renewed first. */
  header(): Promise<string | undefined>
  /** Answers the challenge of a 401 that came for `used`; throws `unauthorized` when the registry takes no login of ours. */
  renew(used: string | undefined, challenge: string): Promise<void>
  /** What is told of a registry that refuses what we have. */
  refused(found: string): Promise<RegistryError>
}

/** What a session is for: it decides what tokens are asked for, and what a person is told to do. */
export type Access = 'pull' | 'push'

export interface AuthorizationOptions {
  host: string
  access: Access
  /** What tokens are asked for: `repository:NAME:pull,push`, and `pull` of those that are mounted from. */
  scopes: readonly string[]
  fetch: Fetch
  login(): Promise<Login | undefined>
}

interface HeldToken {
  header: string
  /** Time after which the token is not used any more; infinite for a password. */
  renewAtMs: number
}

// A token that ends while a blob is on its way costs the blob: most servers look at it when the request begins.
const renewAheadShare = 0.2

/** Starts without any: the registry says what it wants. */
export function openAuthorization(options: AuthorizationOptions): Authorization {
  let held: HeldToken | undefined
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
      challenge = parseChallenge(refused)
      await obtain()
    },
    refused: async (found) => refusedLogin(options, await options.login(), found),
  }
}

async function answer(options: AuthorizationOptions, challenge: Challenge): Promise<HeldToken> {
  const login = await options.login()
  if (challenge.type === 'bearer') return fetchToken(options, challenge, login)
  if (challenge.type === 'basic' && login?.type === 'basic')
    return { header: `Basic ${login.reveal()}`, renewAtMs: Number.POSITIVE_INFINITY }
  throw refusedLogin(options, login, 'it asks for a login')
}

async function fetchToken(
  options: AuthorizationOptions,
  challenge: Extract<Challenge, { type: 'bearer' }>,
  login: Login | undefined,
): Promise<HeldToken> {
  const { url, ...asked } = tokenRequest(challenge, scopesFor(options, challenge.scope), login)
  const answered = await wholeAnswer(await options.fetch(url, { ...asked, staysHere: true }))
  if (answered.status === 401 || answered.status === 403)
    throw refusedLogin(options, login, `its token server answered ${answered.status}`)
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

/** A reader asks for what the registry names; a writer for all that it will do, as one token is used for it. */
function scopesFor({ access, scopes }: AuthorizationOptions, named: string | undefined): readonly string[] {
  return access === 'pull' && named !== undefined ? [named] : scopes
}

function tokenServerFailed(realm: string, found: string, answered?: WireAnswer): RegistryError {
  const isTransient = answered !== undefined && isTransientStatus(answered.status)
  return new RegistryError(
    isTransient ? 'network' : 'bad-answer',
    {
      attempted: `get a token from ${publicUrl(realm)}`,
      found,
      hint: isTransient
        ? 'the token server is busy or broken; try again later'
        : `check the configuration of the registry; ${portalHint}`,
    },
    { retryAfterMs: retryAfterMs(answered?.headers['retry-after'] ?? null) },
  )
}

const acts = { pull: 'read from the registry', push: 'publish to' } satisfies Record<Access, string>

function refusedLogin(
  { host, access }: AuthorizationOptions,
  login: Login | undefined,
  found: string,
): RegistryError {
  return new RegistryError('unauthorized', {
    attempted: `${acts[access]} ${host}`,
    found: `${found}, and ${login ? `the one from ${login.origin} is refused` : 'none is known for it here'}`,
    hint: `log in with \`docker login ${host}\` or \`podman login ${host}\` as a user who may ${access}, ${access === 'push' ? 'or give --username and --password-from' : 'and check the name'}`,
  })
}
