import type { Fetch, FetchOptions, HttpAnswer } from './exchange.ts'

const redirects = [301, 302, 303, 307, 308]
const mostRedirects = 10

/** Follows redirects of what `fetch` gives. A login stays with the origin that it was meant for. */
export async function following(fetch: Fetch, url: string, options: FetchOptions): Promise<HttpAnswer> {
  let at = url
  let asked = options
  for (let followed = 0; ; followed++) {
    const answer = await fetch(at, asked)
    const next = nextUrl(answer, at)
    if (next === undefined || followed === mostRedirects) return { ...answer, url: at }
    answer.discard()
    asked = redirected(asked, answer.status, new URL(next).origin === new URL(at).origin)
    at = next
  }
}

function nextUrl({ status, headers }: HttpAnswer, from: string): string | undefined {
  const location = headers.get('location')
  if (!redirects.includes(status) || location === null || !URL.canParse(location, from)) return undefined
  return new URL(location, from).href
}

function redirected(options: FetchOptions, status: number, isSameOrigin: boolean): FetchOptions {
  const { body, method, headers = {}, ...others } = options
  const isKept = status === 307 || status === 308
  const kept = Object.entries(headers).filter(
    ([name]) => isSameOrigin || !/^(authorization|cookie|proxy-authorization)$/i.test(name),
  )
  return {
    ...others,
    headers: Object.fromEntries(kept),
    ...(isKept && body !== undefined && { body }),
    ...(method !== undefined && { method: isKept || method === 'HEAD' ? method : 'GET' }),
  }
}
