import { z } from 'zod'
import { IngotError, messageOf } from '../../lib/error.ts'
import { publicUrl } from '../network/address.ts'
import { portalHint, readAnswer } from '../network/answer.ts'
import { WeightsError } from './error.ts'

const infoSchema = z.looseObject({
  sha: z.string().regex(/^[0-9a-f]{40,64}$/, 'no commit hash'),
  cardData: z.looseObject({ license: z.union([z.string(), z.array(z.string())]).nullish() }).nullish(),
  gated: z.union([z.boolean(), z.string()]).nullish(),
  siblings: z.array(z.looseObject({ rfilename: z.string() })).nullish(),
})

const entriesSchema = z.array(
  z.discriminatedUnion('type', [
    z.looseObject({
      type: z.literal('file'),
      path: z.string().min(1),
      size: z.int().nonnegative(),
      oid: z.string().optional(),
      lfs: z
        .looseObject({
          oid: z.string().regex(/^(sha256:)?[0-9a-f]{64}$/, 'no sha256'),
          size: z.int().nonnegative(),
        })
        .nullish(),
    }),
    z.looseObject({ type: z.enum(['directory', 'unknown']), path: z.string() }),
  ]),
)

/** What the Hub's API is asked for here. Files themselves are checked by their hashes. */
const forms: { path: RegExp; schema: z.ZodType }[] = [
  { path: /\/api\/models\/.+\/revision\//, schema: infoSchema },
  { path: /\/api\/models\/.+\/tree\//, schema: entriesSchema },
]

export function isApi(url: string): boolean {
  return forms.some(({ path }) => path.test(new URL(url).pathname))
}

/** Refuses what no Hub sends, before a library takes it for an answer. Throws `bad-answer` with the address. */
export function requireHubAnswer(url: string, text: string, contentType: string | null): void {
  const form = forms.find(({ path }) => path.test(new URL(url).pathname))
  if (form === undefined) return
  const answer = readAnswer(form.schema, { text, contentType })
  if (!answer.ok) throw badAnswer(url, answer.found)
}

/** Refuses a list whose next page was there before: it would be read for ever. */
export function requireNewPage(url: string, link: string | null, seen: Set<string>): void {
  const next = /<([^>]*)>\s*;[^,]*rel="?next"?/i.exec(link ?? '')?.[1]
  if (next === undefined) return
  if (!URL.canParse(next, url)) throw badAnswer(url, 'a next page at an address that is none')
  if (!seen.has(url)) seen.clear()
  seen.add(url)
  if (seen.has(new URL(next, url).href)) throw badAnswer(url, 'a list that leads back to itself')
  seen.add(new URL(next, url).href)
}

/** What a library made of an answer that it did not understand, with what it read. */
export function asHubFailure(error: unknown, repo: string, endpoint: string): unknown {
  if (error instanceof IngotError) return error
  // Of this program's own stop: that is no answer.
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) return error
  return new WeightsError('bad-answer', {
    attempted: `read ${repo} from ${publicUrl(endpoint)}`,
    found: messageOf(error).split('\n')[0]?.slice(0, 200) || 'an answer of another form',
    hint: `check HF_ENDPOINT; ${portalHint}`,
    cause: error,
  })
}

function badAnswer(url: string, found: string): WeightsError {
  return new WeightsError('bad-answer', {
    attempted: `read ${publicUrl(url)}`,
    found: `the server sent ${found}`,
    hint: `check HF_ENDPOINT; ${portalHint}`,
  })
}
