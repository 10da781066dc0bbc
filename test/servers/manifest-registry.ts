import { digestOf } from '../../lib/digest.ts'
import { type AnsweringServer, startAnswering } from './answering.ts'

/** How a registry deals with `If-Match` and `If-None-Match` on a tag. */
export type Preconditions =
  | 'honoured'
  | 'ignored'
  | 'without-etag'
  /** The ETag that is shown is never the one that is compared, as behind a proxy that compresses. */
  | 'unusable'
  /** Every second write of a tag is refused, whatever is said. */
  | 'immutable'

export interface ManifestRegistry extends AnsweringServer {
  manifests: Map<string, Buffer>
  /** Statuses of writes to the tag, with the precondition that came along. */
  writes: { status: number; precondition: string | undefined }[]
  agents: Set<string>
}

/**
 * Manifests of one repository in memory, without the referrers API. The first `together` reads of a tag are answered when
 * they are all there, so that as many writers start from the same state.
 */
export async function startManifestRegistry(
  preconditions: Preconditions,
  together = 1,
): Promise<ManifestRegistry> {
  const manifests = new Map<string, Buffer>()
  const writes: ManifestRegistry['writes'] = []
  const agents = new Set<string>()
  const waiting: (() => void)[] = []
  let readsOfTag = 0
  function etagOf(bytes: Buffer): string {
    return `"${digestOf(bytes)}"`
  }
  function isRefused(
    before: Buffer | undefined,
    ifMatch: string | undefined,
    ifNone: string | undefined,
  ): boolean {
    if (preconditions === 'immutable') return before !== undefined
    if (preconditions === 'unusable') return ifMatch !== undefined
    if (preconditions !== 'honoured') return false
    if (ifNone === '*' && before !== undefined) return true
    return ifMatch !== undefined && (before === undefined || etagOf(before) !== ifMatch)
  }
  const server = await startAnswering((request, response) => {
    agents.add(String(request.headers['user-agent']))
    const reference = /\/manifests\/([^/]+)$/.exec(request.url ?? '')?.[1] ?? ''
    const isTag = !reference.startsWith('sha256:')
    if (request.method === 'PUT') {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      return request.on('end', () => {
        const { 'if-match': ifMatch, 'if-none-match': ifNone } = request.headers
        const status = isTag && isRefused(manifests.get(reference), ifMatch, ifNone) ? 412 : 201
        const bytes = Buffer.concat(chunks)
        if (isTag) writes.push({ status, precondition: ifMatch ?? ifNone })
        if (status === 201) {
          manifests.set(reference, bytes)
          manifests.set(digestOf(bytes), bytes)
        }
        response.writeHead(status, { 'content-length': 0 }).end()
      })
    }
    const answer = () => {
      const bytes = manifests.get(reference)
      if (bytes === undefined) return response.writeHead(404, { 'content-length': 0 }).end()
      const etag = preconditions === 'without-etag' ? {} : { etag: etagOf(bytes) }
      return response.writeHead(200, { 'content-type': 'application/json', ...etag }).end(bytes)
    }
    readsOfTag += isTag ? 1 : 0
    if (!isTag || readsOfTag > together) return answer()
    // What is read is decided when the last of them is here.
    waiting.push(answer)
    if (readsOfTag === together) for (const one of waiting) one()
  })
  return { ...server, manifests, writes, agents }
}
