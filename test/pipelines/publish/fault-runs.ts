import { randomNumbers } from '../../../images/load/random.ts'
import { type Descriptor, mediaTypes } from '../../../images/oci/oci.ts'
import type { Digest } from '../../../lib/digest.ts'
import { IngotError } from '../../../lib/error.ts'
import { basicLogin } from '../../../pipelines/network/login.ts'
import { storeAttachments } from '../../../pipelines/outgoing/attachments.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { mapLimited } from '../../../pipelines/weights/limit.ts'
import { type Fault, openFaultProxy } from './fault-proxy.ts'
import { imageOf, inspectTag } from './images.ts'
import { publishTo } from './place.ts'

export interface Outcome {
  seed: number
  faults: string[]
  result: 'published' | string
  state: string
  why: string
}

export interface FaultRuns {
  /** Where the images come from. */
  store: Store
  /** The registry behind the faults. */
  origin: string
}

/** Publishes of the seeds from `first` on, eight at a time. */
export async function runSeeds(first: number, count: number, runs: FaultRuns): Promise<Outcome[]> {
  const seeds = Array.from({ length: count }, (_, i) => first + i)
  return mapLimited(seeds, 8, (seed) => runSeed(seed, runs))
}

const clearErrors = ['network', 'upload-lost', 'unauthorized', 'mismatch', 'rejected']

/** Outcomes that must not be: a tag that is incomplete or wrong, a success that is none, an error nobody can act on. */
export function wrongOutcomes(outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.filter(({ result, state, why }) => {
    if (why !== '' || state.includes('incomplete')) return true
    return result === 'published' ? state !== 'complete,complete' : !clearErrors.includes(result)
  })
}

/** One publish of an image of its own, with faults at random requests and at random bytes. */
async function runSeed(seed: number, { store, origin }: FaultRuns): Promise<Outcome> {
  const random = randomNumbers(seed)
  const root = await imageOf(store, [
    { seed: `${seed} a`, sizeBytes: 60_000 + Math.floor(random() * 60_000) },
    { seed: `${seed} b`, sizeBytes: 1 + Math.floor(random() * 50_000) },
    { seed: `${seed} c`, sizeBytes: 1 + Math.floor(random() * 700) },
  ])
  // Every tenth registry never gets well.
  const isHopeless = seed % 10 === 9
  const rate = isHopeless ? 0.9 : 0.05 + random() * 0.25
  const login = random() < 0.5 ? ({ type: 'bearer', password: 'p', usesOfToken: 5 } as const) : undefined
  const proxy = await openFaultProxy({
    upstream: origin,
    faultFor: ({ length, path }) =>
      random() < rate ? randomFault(random, length, path.includes('/blobs/')) : undefined,
    ...(login && { login }),
  })
  const repository = `faults/seed-${seed}`
  const referrers = (await knowledgeOf(store, root)).map((manifest) => ({ subject: root.digest, manifest }))
  const tags = ['v1', 'latest']
  try {
    const outcome = await publishTo({
      store: store,
      root,
      tags,
      referrers,
      to: `${proxy.host}/${repository}`,
      ...(random() < 0.5 && { chunkBytes: 20_000 }),
      login: basicLogin('robot', 'p', 'test'),
      stallMs: 2000,
    }).then(
      () => 'published',
      (error: unknown) => (error instanceof IngotError ? error.code : `unexpected: ${String(error)}`),
    )
    const states = await Promise.all(tags.map((tag) => inspectTag(origin, repository, tag)))
    const hasTag = states.some(({ state }) => state !== 'absent')
    // What speaks about an image, signatures among it, is there before anybody can meet the image by a name.
    const listed = hasTag ? await referrersAt(origin, repository, root.digest) : []
    const lacking = hasTag && !referrers.every(({ manifest }) => listed.includes(manifest.digest))
    const wrongDigest = states.some(({ digest }) => digest !== undefined && digest !== root.digest)
    return {
      seed,
      faults: proxy.seen.flatMap(({ fault }) => (fault ? [fault.type] : [])),
      result: outcome,
      state: states.map(({ state }) => state).join(),
      why: lacking
        ? 'a tag before its referrers'
        : wrongDigest
          ? 'another digest'
          : states.map(({ why = '' }) => why).join(''),
    }
  } finally {
    await proxy.close()
  }
}

/** Two manifests that refer to an image, as signatures do. */
function knowledgeOf(store: Store, root: Descriptor): Promise<Descriptor[]> {
  const text = JSON.stringify({ about: root.digest })
  const bare = {
    predicateType: 'test',
    predicate: text,
    mediaType: 'application/json',
    text,
  }
  return storeAttachments(
    store,
    [
      { name: 'report', ...bare },
      { name: 'sbom.spdx', ...bare },
    ],
    root,
  )
}

/** What a registry lists by its API, or where it has none under the tag that the distribution spec names. */
async function referrersAt(origin: string, repository: string, digest: Digest): Promise<string[]> {
  const at = `${origin}/v2/${repository}`
  const api = await fetch(`${at}/referrers/${digest}`)
  const headers = { accept: mediaTypes.index }
  const answer = api.ok ? api : await fetch(`${at}/manifests/${digest.replace(':', '-')}`, { headers })
  const { manifests = [] } = JSON.parse(await answer.text())
  return manifests.map((item: { digest: string }) => item.digest)
}

/** Only what has a digest can be protected from flipped bits; publish.test.ts flips one on its way to a tag. */
function randomFault(random: () => number, length: number, isBlob: boolean): Fault {
  const at = Math.floor(random() * Math.max(1, length))
  const faults: Fault[] = [
    { type: 'status', status: 500 },
    { type: 'status', status: 502 },
    { type: 'status', status: 503, retryAfter: '0' },
    { type: 'status', status: 429, retryAfter: '0' },
    { type: 'cut-request', afterBytes: at },
    { type: 'cut-request', afterBytes: at },
    { type: 'cut-answer' },
    { type: 'cut-answer' },
    { type: 'expired' },
    { type: 'slow', delayMs: Math.floor(random() * 30) },
    ...(length > 0 && isBlob ? [{ type: 'flip' as const, atByte: at }] : []),
    ...(random() < 0.2 ? [{ type: 'silence' as const }] : []),
  ]
  return faults[Math.floor(random() * faults.length)] ?? { type: 'cut-answer' }
}

export function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
