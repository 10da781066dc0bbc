import { portalHint } from '../network/answer.ts'
import type { Fetch, HttpAnswer } from '../network/exchange.ts'
import { get, getText, isTransientStatus, redirectText } from '../network/http.ts'
import { retryAfterMs } from '../network/retry.ts'
import { WeightsError } from './error.ts'
import { isApi, requireHubAnswer, requireNewPage } from './hub-answer.ts'
import type { SourceSession } from './source.ts'
import { findHubToken, type SecretContext, type Token } from './token.ts'

/** What reaching a Hub takes. */
export type HubSession = Omit<SourceSession, 'recipeFolder'> & SecretContext

/** One repository of one Hub, with what `@huggingface/hub` needs to reach it. */
export interface Hub extends HubPlace {
  fetch: Fetch
  access: { hubUrl: string; fetch: LibraryFetch }
}

interface HubPlace {
  repo: string
  endpoint: string
  token: Token | undefined
}

type LibraryFetch = typeof globalThis.fetch

export async function hubOf(repo: string, tokenUri: string | undefined, session: HubSession): Promise<Hub> {
  const { endpoint } = session.settings.hub
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) throw notHub(endpoint)
  const token = await findHubToken(tokenUri, session)
  const place = { repo, endpoint, token }
  const fetch = hubFetch(place, session)
  return { ...place, fetch, access: { hubUrl: endpoint, fetch: libraryFetch(fetch, session) } }
}

function notHub(endpoint: string): WeightsError {
  return new WeightsError('bad-answer', {
    attempted: 'find the Hub that HF_ENDPOINT names',
    found: `it is "${endpoint.replace(/\/\/[^/@]*@/, '//…@').slice(0, 80)}", which is no http(s) address`,
    hint: 'write it as https://HOST, or unset it for the public Hub',
  })
}

/**
 * Adds the token to requests for the Hub's own host only (a redirect to another drops it), and turns each bad status into
 * an error that says what to do. The library never sees the token.
 */
function hubFetch(hub: HubPlace, session: HubSession): Fetch {
  const origin = new URL(hub.endpoint).origin
  return async (url, options) => {
    const isHub = new URL(url).origin === origin
    const authorization = hub.token && isHub ? { authorization: `Bearer ${hub.token.reveal()}` } : {}
    const answer = await session.fetch(url, {
      ...options,
      headers: { ...options?.headers, ...authorization },
    })
    if (answer.status >= 200 && answer.status < 300) return answer
    answer.discard()
    throw hubError(hub, isExpired(answer, origin) ? { status: 503, headers: answer.headers } : answer)
  }
}

/** What `@huggingface/hub` and `@huggingface/gguf` call, as the platform's own fetch. */
function libraryFetch(fetch: Fetch, session: HubSession): LibraryFetch {
  const pages = new Set<string>()
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const options = { ...session, fetch, headers: Object.fromEntries(new Headers(init?.headers)) }
    if (isApi(url)) {
      const { status, headers, text } = await getText(url, options)
      requireHubAnswer(url, text, headers.get('content-type'))
      requireNewPage(url, headers.get('link'), pages)
      return new Response(text, {
        status,
        headers: { ...linkOf(headers), 'content-type': 'application/json' },
      })
    }
    const answer = await get(url, options)
    return new Response(ReadableStream.from(answer.body), {
      status: answer.status,
      headers: answer.headers,
    })
  }
}

function linkOf(headers: Headers): Record<string, string> {
  const link = headers.get('link')
  return link === null ? {} : { link }
}

/** Where the Hub redirected to, a refusal means that the signed address expired; the next attempt gets a new one. */
function isExpired(answer: HttpAnswer, hubOrigin: string): boolean {
  return new URL(answer.url).origin !== hubOrigin && [400, 401, 403].includes(answer.status)
}

/** `Retry-After`, or the seconds to the next window in the Hub's own `RateLimit` header (`"api";r=0;t=55`). */
function waitMs(headers: Headers): number | undefined {
  const window = /;t=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]
  return retryAfterMs(headers.get('retry-after') ?? window ?? null)
}

const missing: Record<string, string> = {
  RevisionNotFound: 'the repository has no such revision',
  EntryNotFound: 'the repository has no such file',
}

/** What a bad status of the Hub means, by its `X-Error-Code` where it sends one. */
export function hubError(hub: HubPlace, answer: Pick<HttpAnswer, 'status' | 'headers'>): WeightsError {
  const { status, headers } = answer
  const code = headers.get('x-error-code') ?? ''
  const attempted = `read ${hub.repo} from ${new URL(hub.endpoint).host}`
  if (code === 'GatedRepo' || (status === 403 && hub.token)) return gated(hub, attempted, code)
  if (status === 401 || status === 403) return refused(hub, attempted, status, code)
  if (status === 404) {
    return new WeightsError('not-found', {
      attempted,
      found: missing[code] ?? 'there is no such repository',
      hint: 'check `repo` and `revision` in the recipe',
    })
  }
  if (isTransientStatus(status))
    return new WeightsError(
      'network',
      { attempted, found: `the Hub answered ${status}`, hint: busyHint(hub, status) },
      { retryAfterMs: waitMs(headers) },
    )
  return new WeightsError('bad-answer', {
    attempted,
    found: `the Hub answered ${status}${redirectText(status)}`,
    hint: `check HF_ENDPOINT: is it a Hub, and reachable from here? ${portalHint}`,
  })
}

function busyHint(hub: HubPlace, status: number): string {
  return status === 429 && !hub.token
    ? 'anonymous downloads have low limits: set HF_TOKEN, or try again later'
    : 'try again later; what was downloaded is kept'
}

function gated(hub: HubPlace, attempted: string, code: string): WeightsError {
  const page = `${hub.endpoint}/${hub.repo}`
  const found = code === 'GatedRepo' ? 'the repository is gated' : 'the token may not read it'
  return new WeightsError('gated', {
    attempted,
    found: hub.token
      ? `${found}, and the token of ${hub.token.origin} has no access`
      : `${found}, and no token is set`,
    hint: hub.token
      ? `log in with the account of that token and accept the licence at ${page}; a fine-grained token also needs the right to read gated repositories`
      : `accept the licence at ${page}, make a token at ${hub.endpoint}/settings/tokens and set HF_TOKEN`,
  })
}

function refused(hub: HubPlace, attempted: string, status: number, code: string): WeightsError {
  if (hub.token && code !== 'RepoNotFound')
    return new WeightsError('unauthorized', {
      attempted,
      found: `the Hub answered ${status}: the token of ${hub.token.origin} is not valid`,
      hint: `make a new one at ${hub.endpoint}/settings/tokens, then set HF_TOKEN or run \`hf auth login\``,
    })
  return new WeightsError('unauthorized', {
    attempted,
    found: `the Hub answered ${status}: the repository is private or does not exist`,
    hint: `check \`repo\` in the recipe; for a private one ${hub.token ? 'use a token that may read it' : 'set HF_TOKEN'}`,
  })
}
