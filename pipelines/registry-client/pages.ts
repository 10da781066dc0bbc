import { getBytes } from '../network/http.ts'
import { withRetry } from '../network/retry.ts'
import { RegistryError } from './error.ts'
import { repositoryOf } from './reference.ts'
import { type RegistrySession, repositoryUrl } from './session.ts'

export interface Page {
  url: string
  text: string
  contentType: string | null
}

/** More than any list has: vLLM's repository has some 700 tags, which are one page. */
const mostPages = 1000

/**
 * A list of a repository, page by page as its `Link` headers name them (OCI distribution spec 1.1, tags and referrers). Throws what
 * reading throws, and `bad-answer` for a list without an end: a part of it is never taken for the whole.
 */
export async function* listPages(session: RegistrySession, path: string): AsyncGenerator<Page> {
  const { fetch, retry, signal, origin, target } = session
  let url: string | undefined = repositoryUrl(session, path)
  for (let page = 0; url !== undefined; page++) {
    if (page === mostPages)
      throw new RegistryError('bad-answer', {
        attempted: `list ${path.split('?')[0]} of ${repositoryOf(target)}`,
        found: `after ${mostPages} pages the registry names a further one`,
        hint: 'see whether a proxy before the registry changes its `Link` headers',
      })
    const here = url
    const { bytes, headers } = await withRetry(() => getBytes(here, { fetch, signal }), retry, signal)
    yield { url: here, text: bytes.toString('utf8'), contentType: headers.get('content-type') }
    url = nextPage(headers.get('link'), here, origin)
  }
}

/** Where the next page is; only at the registry itself, which gets the login. */
function nextPage(link: string | null, url: string, origin: string): string | undefined {
  const [, target] = /<([^>]+)>\s*;\s*rel="?next"?/i.exec(link ?? '') ?? []
  if (target === undefined || !URL.canParse(target, url)) return undefined
  const next = new URL(target, url)
  return next.origin === origin && next.href !== url ? next.href : undefined
}
