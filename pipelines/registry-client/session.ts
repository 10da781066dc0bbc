import { publicUrl } from '../network/address.ts'
import { isHtml, kindOfAnswer, portalHint } from '../network/answer.ts'
import type { Login } from '../network/login.ts'
import { defaultRetry, type RetryPolicy, retryAfterMs, withRetry } from '../network/retry.ts'
import type { WireAnswer } from './answer.ts'
import { type Authorization, openAuthorization } from './authorization.ts'
import { PublishError } from './error.ts'
import { originOf, type Target } from './reference.ts'
import type { Transport, WireRequest } from './transport.ts'

/** One repository that is published to, with everything requests to it share. */
export interface RegistrySession {
  target: Target
  origin: string
  retry: RetryPolicy
  signal: AbortSignal | undefined
  /**
   * One request, with the login; renewed when it expired. Throws `unauthorized`, `denied`, and `network` for
   * everything that may pass: no answer, 408, 425, 429, 5xx, and a login that ended under a body.
   */
  ask(wanted: WireRequest): Promise<WireAnswer>
  /** `ask`, again after `network`. For requests that may be repeated. */
  askAgain(wanted: WireRequest): Promise<WireAnswer>
  /** The same session for one of several tasks, whose requests and pauses end with `signal` as well. */
  within(signal: AbortSignal): RegistrySession
}

export interface SessionOptions {
  transport: Transport
  /** Asked at the first challenge; called again when a token ends. */
  login(): Promise<Login | undefined>
  /** Repositories of the same host that blobs may be mounted from. */
  mountFrom?: readonly string[]
  retry?: RetryPolicy
  signal?: AbortSignal
}

export function openSession(target: Target, options: SessionOptions): RegistrySession {
  const { transport, login, mountFrom = [], retry = defaultRetry, signal } = options
  const authorization = openAuthorization({
    host: target.host,
    scopes: [`repository:${target.name}:pull,push`, ...mountFrom.map((name) => `repository:${name}:pull`)],
    transport,
    login,
  })
  const origin = originOf(target.host)
  function within(signal: AbortSignal | undefined): RegistrySession {
    const bound: Sender = { send: (wanted) => transport.send(wanted, signal) }
    const ask = (wanted: WireRequest) => authorized(wanted, origin, bound, authorization)
    return {
      target,
      origin,
      retry,
      signal,
      ask,
      askAgain: (wanted) => withRetry(() => ask(wanted), retry, signal),
      within: (own) => within(signal ? AbortSignal.any([signal, own]) : own),
    }
  }
  return within(signal)
}

type Sender = Pick<Transport, 'send'>

// A token may end between its arrival and its use, and servers that share load learn of it at different times.
const mostRenewals = 3

/** The login goes to the registry's own origin alone: uploads may be sent to a storage elsewhere. */
async function authorized(
  wanted: WireRequest,
  origin: string,
  transport: Sender,
  authorization: Authorization,
): Promise<WireAnswer> {
  if (new URL(wanted.url).origin !== origin) return checked(wanted, await transport.send(wanted))
  for (let renewals = 0; ; renewals++) {
    const used = await authorization.header()
    const answer = await transport.send(withLogin(wanted, used))
    if (answer.status !== 401) return checked(wanted, answer)
    if (renewals === mostRenewals) throw refused(wanted, answer, 'unauthorized')
    await authorization.renew(used, answer)
    if (wanted.body !== undefined && !(wanted.body instanceof Uint8Array))
      throw transientFailure(wanted, 'the login ended while it was sent', undefined)
  }
}

function withLogin(wanted: WireRequest, header: string | undefined): WireRequest {
  return header === undefined ? wanted : { ...wanted, headers: { ...wanted.headers, authorization: header } }
}

const transientStatuses = [408, 425, 429]

function checked(wanted: WireRequest, answer: WireAnswer): WireAnswer {
  const { status } = answer
  refusePage(wanted, answer)
  if (status === 403) throw refused(wanted, answer, 'denied')
  if (status === 401) throw refused(wanted, answer, 'unauthorized')
  // 501 and 505 say that the registry will never do it.
  if (transientStatuses.includes(status) || (status >= 500 && status !== 501 && status !== 505))
    throw transientFailure(wanted, `the registry answered ${status}`, answer)
  return answer
}

/** No registry answers a page: something else stands at its address, and says 200 to whatever is asked. */
function refusePage(wanted: WireRequest, { status, headers, bytes }: WireAnswer): void {
  const text = Buffer.from(bytes.subarray(0, 4096)).toString('utf8')
  const contentType = headers['content-type']
  if (status < 200 || status > 299 || !isHtml({ text, contentType })) return
  throw new PublishError('bad-answer', {
    attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
    found: `the server answered ${status} with ${kindOfAnswer({ text, contentType })}, which no registry sends`,
    hint: `check the host; ${portalHint}. No tag was changed`,
  })
}

function transientFailure(wanted: WireRequest, found: string, answer: WireAnswer | undefined): PublishError {
  return new PublishError(
    'network',
    {
      attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
      found,
      hint: 'the registry is busy or broken; what it has is kept, so run the same command again later',
    },
    { retryAfterMs: retryAfterMs(answer?.headers['retry-after'] ?? null) },
  )
}

function refused(wanted: WireRequest, answer: WireAnswer, code: 'denied' | 'unauthorized'): PublishError {
  return new PublishError(code, {
    attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
    found: `the registry answered ${answer.status}${saidBy(answer)}`,
    hint: 'log in as a user who may push to this repository, and check its name; some registries want it made first',
  })
}

/** Throws `rejected` with the registry's own words unless the status is one of these. */
export function requireStatus(wanted: WireRequest, answer: WireAnswer, statuses: readonly number[]): void {
  if (statuses.includes(answer.status)) return
  throw new PublishError('rejected', {
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
