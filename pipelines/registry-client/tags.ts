import { z } from 'zod'
import { publicUrl } from '../network/address.ts'
import { readAnswer } from '../network/answer.ts'
import { RegistryError } from './error.ts'
import { listPages, type Page } from './pages.ts'
import { repositoryOf } from './reference.ts'
import type { RegistrySession } from './session.ts'

const listSchema = z.object({ tags: z.array(z.string()).nullish() })

/** Docker Hub has 100 tags a page where nothing is asked for, and some registries no more than 1000. */
const pageTags = 1000

/** All tags of a repository, page by page. Throws `bad-answer`, and what reading throws. */
export async function listTags(session: RegistrySession): Promise<string[]> {
  const tags: string[] = []
  for await (const page of listPages(session, `tags/list?n=${pageTags}`)) tags.push(...tagsOf(session, page))
  return tags
}

function tagsOf({ target }: RegistrySession, page: Page): string[] {
  const read = readAnswer(listSchema, page)
  if (read.ok) return read.value.tags ?? []
  throw new RegistryError('bad-answer', {
    attempted: `list the tags of ${repositoryOf(target)}`,
    found: `${publicUrl(page.url)} sent ${read.found}`,
    hint: 'check that the host is a registry, and that it lists tags',
  })
}
