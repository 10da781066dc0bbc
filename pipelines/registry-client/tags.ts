import { z } from 'zod'
import { publicUrl } from '../network/address.ts'
import { readAnswer } from '../network/answer.ts'
import { getBytes } from '../network/http.ts'
import { withRetry } from '../network/retry.ts'
import { RegistryError } from './error.ts'
import { repositoryOf } from './reference.ts'
import { type RegistrySession, repositoryUrl } from './session.ts'

const listSchema = z.object({ tags: z.array(z.string()).nullish() })

/** Docker Hub has 100 tags a page where nothing is asked for, and some registries no more than 1000. */
const pageTags = 1000

/** More than any repository has: vLLM's has some 700. */
const mostPages = 200

/** All tags of a repository, page by page. Throws `bad-answer`, and what reading throws. */
export async function listTags(session: RegistrySession): Promise<string[]> {
  const tags: string[] = []
  let url: string | undefined = repositoryUrl(session, `tags/list?n=${pageTags}`)
  for (let page = 0; url !== undefined && page < mostPages; page++) {
    const found = await tagsPage(session, url)
    tags.push(...found.tags)
    url = found.next
  }
  return tags
}

interface TagsPage {
  tags: string[]
  next: string | undefined
}

async function tagsPage(session: RegistrySession, url: string): Promise<TagsPage> {
  const { fetch, retry, signal } = session
  const answer = await withRetry(() => getBytes(url, { fetch, signal }), retry, signal)
  const text = answer.bytes.toString('utf8')
  const read = readAnswer(listSchema, { text, contentType: answer.headers.get('content-type') })
  if (!read.ok)
    throw new RegistryError('bad-answer', {
      attempted: `list the tags of ${repositoryOf(session.target)}`,
      found: `${publicUrl(url)} sent ${read.found}`,
      hint: 'check that the host is a registry, and that it lists tags',
    })
  return { tags: read.value.tags ?? [], next: nextPage(answer.headers.get('link'), url, session.origin) }
}

/** Where the next page is; only at the registry itself, which gets the login. */
function nextPage(link: string | null, url: string, origin: string): string | undefined {
  const [, target] = /<([^>]+)>\s*;\s*rel="?next"?/i.exec(link ?? '') ?? []
  if (target === undefined || !URL.canParse(target, url)) return undefined
  const next = new URL(target, url)
  return next.origin === origin && next.href !== url ? next.href : undefined
}
