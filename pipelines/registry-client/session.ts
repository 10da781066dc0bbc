import { publicUrl } from '../network/address.ts'
import { isHtml, kindOfAnswer, portalHint } from '../network/answer.ts'
import type { Fetch, FetchOptions, HttpAnswer } from '../network/exchange.ts'
import { isTransientStatus } from '../network/http.ts'
import type { Login } from '../network/login.ts'
import { following } from '../network/redirect.ts'
import { defaultRetry, type RetryPolicy, retryAfterMs, withRetry } from '../network/retry.ts'
import { type WireAnswer, type WireRequest, wholeAnswer } from './answer.ts'
import { type Access, type Authorization, openAuthorization } from './authorization.ts'
import { RegistryError } from './error.ts'
import { originOf, type Repository } from './reference.ts'

/** One repository of a registry, with everything that requests to it share. */
export interface RegistrySession {
  target: Repository
  origin: string
  access: Access
  retry: RetryPolicy
  signal: AbortSignal | undefined
  /**
   * One request, with the login; renewed when it expired. Throws `unauthorized`, `denied`, and `network` for
   * everything that may pass: no answer, 408, 425, 429, 5xx, and a login that ended under a body.
   */
  ask(wanted: WireRequest): Promise<WireAnswer>
  /** `ask`, again after `network`. For requests that may be repeated. */
  askAgain(wanted: WireRequest): Promise<WireAnswer>
  /** For reading: a stream, with redirects followed and the login sent to the registry alone. Throws `unauthorized`. */
  fetch: Fetch
  /** The same session for one of several tasks, whose requests and pauses end with `signal` as well. */
  within(signal: AbortSignal): RegistrySession
}

export interface SessionOptions {
  fetch: Fetch
  /** Asked at the first challenge; called again when a token ends. */
  login(): Promise<Login | undefined>
  /** Default `push`. */
  access?: Access
  /** Repositories of the same host that blobs may be mounted from. */
  mountFrom?: readonly string[]
  retry?: RetryPolicy
  signal?: AbortSignal
  stallMs?: number
}

export function openSession(target: Repository, options: SessionOptions): RegistrySession {
  const { login, access = 'push', mountFrom = [], retry = defaultRetry, stallMs } = options
  const send: Fetch = (url, asked) =>
    options.fetch(url, { ...(stallMs !== undefined && { stallMs }), ...asked, staysHere: true })
  const actions = access === 'push' ? 'pull,push' : 'pull'
  const authorization = openAuthorization({
    host: target.host,
    access,
    scopes: [`repository:${target.name}:${actions}`, ...mountFrom.map((name) => `repository:${name}:pull`)],
    fetch: send,
    login,
  })
  const origin = originOf(target.host)
  function within(signal: AbortSignal | undefined): RegistrySession {
    const bound = { send, origin, access, authorization }
    const ask = (wanted: WireRequest) => askOnce(wanted, bound, signal)
    return {
      target,
      origin,
      access,
      retry,
      signal,
      ask,
      askAgain: (wanted) => withRetry(() => ask(wanted), retry, signal),
      fetch: (url, asked = {}) =>
        following((at, from) => readOnce(at, from, bound), url, { ...asked, signal: asked.signal ?? signal }),
      within: (own) => within(signal ? AbortSignal.any([signal, own]) : own),
    }
  }
  return within(options.signal)
}

export function repositoryUrl({ origin, target }: RegistrySession, path: string): string {
  return `${origin}/v2/${target.name}/${path}`
}

interface SessionAccess {
  send: Fetch
  origin: string
  access: Access
  authorization: Authorization
}

async function askOnce(
  wanted: WireRequest,
  bound: SessionAccess,
  signal: AbortSignal | undefined,
): Promise<WireAnswer> {
  const { url, ...asked } = wanted
  const answer = await authorized(url, { ...asked, signal }, bound)
  return checked(wanted, await wholeAnswer(answer), bound.access)
}

async function readOnce(url: string, asked: FetchOptions = {}, bound: SessionAccess): Promise<HttpAnswer> {
  const answer = await authorized(url, asked, bound)
  if (new URL(url).origin !== bound.origin || (answer.status !== 401 && answer.status !== 403)) return answer
  answer.discard()
  throw await bound.authorization.refused(`it answered ${answer.status}`)
}

// A token may end between its arrival and its use, and servers that share load learn of it at different times.
const mostRenewals = 3

/** The login goes to the registry's own origin alone: blobs may be sent to a storage elsewhere, and come from there. */
async function authorized(url: string, asked: FetchOptions, bound: SessionAccess): Promise<HttpAnswer> {
  const { send, origin, authorization } = bound
  if (new URL(url).origin !== origin) return send(url, asked)
  for (let renewals = 0; ; renewals++) {
    const used = await authorization.header()
    const answer = await send(url, withLogin(asked, used))
    if (answer.status !== 401 || renewals === mostRenewals) return answer
    answer.discard()
    await authorization.renew(used, answer.headers.get('www-authenticate') ?? '')
    if (asked.body !== undefined && !(asked.body instanceof Uint8Array))
      throw transientFailure({ method: 'PUT', ...asked, url }, 'the login ended while it was sent', undefined)
  }
}

function withLogin(asked: FetchOptions, header: string | undefined): FetchOptions {
  return header === undefined ? asked : { ...asked, headers: { ...asked.headers, authorization: header } }
}

function checked(wanted: WireRequest, answer: WireAnswer, access: Access): WireAnswer {
  const { status } = answer
  refusePage(wanted, answer)
  if (status === 401 || status === 403) throw refused(wanted, answer, access)
  if (isTransientStatus(status)) throw transientFailure(wanted, `the registry answered ${status}`, answer)
  return answer
}

/** No registry answers a page: something else stands at its address, and says 200 to whatever is asked. */
function refusePage(wanted: WireRequest, { status, headers, bytes }: WireAnswer): void {
  const text = Buffer.from(bytes.subarray(0, 4096)).toString('utf8')
  const contentType = headers['content-type']
  if (status < 200 || status > 299 || !isHtml({ text, contentType })) return
  throw new RegistryError('bad-answer', {
    attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
    found: `the server answered ${status} with ${kindOfAnswer({ text, contentType })}, which no registry sends`,
    hint: `check the host; ${portalHint}. No tag was changed`,
  })
}

function transientFailure(wanted: WireRequest, found: string, answer: WireAnswer | undefined): RegistryError {
  return new RegistryError(
    'network',
    {
      attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
      found,
      hint: 'the registry is busy or broken; what it has is kept, so run the same command again later',
    },
    { retryAfterMs: retryAfterMs(answer?.headers['retry-after'] ?? null) },
  )
}

function refused(wanted: WireRequest, answer: WireAnswer, access: Access): RegistryError {
  return new RegistryError(answer.status === 401 ? 'unauthorized' : 'denied', {
    attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
    found: `the registry answered ${answer.status}${saidBy(answer)}`,
    hint: `log in as a user who may ${access === 'push' ? 'push to' : 'pull from'} this repository, and check its name${access === 'push' ? '; some registries want it made first' : ''}`,
  })
}

/** Throws `rejected` with the registry's own words unless the status is one of these. */
export function requireStatus(wanted: WireRequest, answer: WireAnswer, statuses: readonly number[]): void {
  if (statuses.includes(answer.status)) return
  throw new RegistryError('rejected', {
    attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
    found: `the registry answered ${answer.status}${saidBy(answer)}`,
    hint: 'see what it says; its limits on layers and names are the usual reason (docs/publish.md)',
  })
}

/** What a registry's error says, cut to a line: `: BLOB_UNKNOWN blob unknown to registry`. */
export function saidBy({ bytes }: WireAnswer): string {
  const text = Buffer.from(bytes).toString('utf8')
  const [, code] = /"code"\s*:\s*"(\w+)"/.exec(text) ?? []
  const [, message] = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text) ?? []
  const words = [code, message].filter(Boolean).join(' ').slice(0, 300)
  return words === '' ? '' : `: ${words}`
}
