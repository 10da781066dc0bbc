import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { applyStatusFault, fail, sendContent } from './answers.ts'
import type { Hub } from './hub.ts'
import type { Content, HubRepo } from './repo.ts'

/**
 * Serves repositories as the Hub does: its own API on one port, and file content behind a redirect on another, as the
 * Hub's CDN is another host. A repository with `token` needs it; a gated one needs a token listed in `access` as well.
 */
export async function startHub(repos: readonly HubRepo[]): Promise<Hub> {
  const hub: Hub = { url: '', cdnUrl: '', faults: [], requests: [], sentBytes: 0, close: async () => {} }
  const api = await listen((request, response) => serveApi(hub, repos, request, response))
  const cdn = await listen((request, response) => serveContent(hub, repos, request, response))
  hub.url = addressOf(api)
  hub.cdnUrl = addressOf(cdn)
  hub.close = async () => {
    for (const server of [api, cdn]) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
  return hub
}

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>

function listen(serve: Serve): Promise<Server> {
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  // On a busy machine Node would reset a question that came in after 5 quiet seconds.
  server.keepAliveTimeout = 0
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

function addressOf(server: Server): string {
  // An open TCP server has an object as its address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function serveApi(
  hub: Hub,
  repos: readonly HubRepo[],
  request: IncomingMessage,
  response: ServerResponse,
) {
  const url = new URL(request.url ?? '/', hub.url)
  const path = decodeURIComponent(url.pathname)
  record(hub, request, path)
  const match =
    /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree|paths-info)\/([^/]+)(?:\/(.*))?$/.exec(path) ??
    /^\/api\/models\/([^/]+\/[^/]+)()()$/.exec(path) ??
    /^\/([^/]+\/[^/]+)\/(resolve)\/([^/]+)\/(.+)$/.exec(path)
  const [, name = '', verb = '', revision = 'main', file = ''] = match ?? []
  const repo = repos.find((one) => one.name === name)
  const refusal = refuse(repo, request, verb)
  if (refusal) return fail(response, ...refusal)
  if (!repo || !match) return fail(response, 404, 'RepoNotFound', 'Repository not found')
  if (await applyStatusFault(hub, file, request, response)) return
  if (![repo.commit, 'main', 'HEAD', '', ...(repo.tags ?? [])].includes(revision))
    return fail(response, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`)
  if (verb === 'tree') return json(response, ...treePage(hub, repo, url))
  if (verb === 'paths-info') return json(response, await pathsInfo(repo, request))
  if (verb === 'resolve') return resolveFile(hub, repo, file, request, response)
  json(response, modelInfo(repo))
}

type Refusal = [status: number, code: string, message: string]

/** The Hub shows a gated repository's list to everybody and its files to those who accepted the licence. */
function refuse(repo: HubRepo | undefined, request: IncomingMessage, verb: string): Refusal | undefined {
  const token = tokenOf(request)
  if (token !== undefined && !repo?.tokens?.includes(token) && repo?.tokens)
    return [401, '', 'Invalid credentials in Authorization header']
  if (repo?.private && token === undefined) return [401, 'RepoNotFound', 'Repository not found']
  if (!repo?.gated || verb !== 'resolve') return undefined
  if (token === undefined) return [401, 'GatedRepo', `Access to model ${repo.name} is restricted`]
  if (!repo.access?.includes(token)) return [403, 'GatedRepo', `Access to model ${repo.name} is restricted`]
  return undefined
}

function tokenOf(request: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
}

function modelInfo(repo: HubRepo) {
  return {
    _id: '65f0000000000000000000aa',
    id: repo.name,
    modelId: repo.name,
    author: repo.name.split('/')[0],
    sha: repo.commit,
    lastModified: '2026-01-01T00:00:00.000Z',
    createdAt: '2026-01-01T00:00:00.000Z',
    private: repo.private ?? false,
    gated: repo.gated ?? false,
    disabled: false,
    downloads: 1,
    likes: 1,
    tags: [],
    siblings: [...repo.files.keys()].map((rfilename) => ({ rfilename })),
    cardData: { license: repo.license },
  }
}

function tree(repo: HubRepo) {
  return [...repo.files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, content]) => entryOf(path, content))
}

function entryOf(path: string, content: Content) {
  const lfs = content.isLfs ? { oid: content.sha256, size: content.sizeBytes, pointerSize: 134 } : undefined
  return { type: 'file', oid: content.gitId, size: content.sizeBytes, path, ...(lfs ? { lfs } : {}) }
}

/** The Hub pages long lists by a Link header. Here the last file has a page of its own, to prove that it is asked for. */
function treePage(hub: Hub, repo: HubRepo, url: URL): [unknown, Record<string, string>] {
  const entries = tree(repo)
  if (url.searchParams.has('cursor')) return [entries.slice(-1), {}]
  if (entries.length < 2) return [entries, {}]
  // As of a proxy that passes no header which it does not know.
  if (hub.faults.some(({ type }) => type === 'no-links')) return [entries.slice(0, -1), {}]
  url.searchParams.set('cursor', 'last')
  return [entries.slice(0, -1), { link: `<${hub.url}${url.pathname}${url.search}>; rel="next"` }]
}

async function pathsInfo(repo: HubRepo, request: IncomingMessage) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  const isJson = request.headers['content-type']?.includes('json')
  const paths: string[] = isJson ? [JSON.parse(text).paths].flat() : new URLSearchParams(text).getAll('paths')
  return tree(repo).filter((entry) => paths.includes(entry.path))
}

/** LFS files are redirected to the other host with X-Linked-* headers; small ones are sent from here. */
function resolveFile(
  hub: Hub,
  repo: HubRepo,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const content = repo.files.get(path)
  if (!content) return fail(response, 404, 'EntryNotFound', 'Entry not found')
  const etag = `"${content.isLfs ? content.sha256 : content.gitId}"`
  response.setHeader('x-repo-commit', repo.commit)
  response.setHeader('x-linked-size', content.sizeBytes)
  response.setHeader('x-linked-etag', etag)
  response.setHeader('accept-ranges', 'bytes')
  if (!content.isLfs) return sendContent(hub, content, path, etag, request, response)
  const location = `${hub.cdnUrl}/${repo.name}/${path}?signature=${createHash('sha256').update(path).digest('hex')}`
  response.writeHead(302, { location: encodeURI(location), 'content-length': 0 }).end()
}

async function serveContent(
  hub: Hub,
  repos: readonly HubRepo[],
  request: IncomingMessage,
  response: ServerResponse,
) {
  const path = decodeURIComponent(new URL(request.url ?? '/', hub.cdnUrl).pathname).slice(1)
  record(hub, request, `cdn:${path}`)
  const [owner, name, ...rest] = path.split('/')
  const content = repos.find((repo) => repo.name === `${owner}/${name}`)?.files.get(rest.join('/'))
  if (!content) return fail(response, 404, 'EntryNotFound', 'Entry not found')
  if (await applyStatusFault(hub, rest.join('/'), request, response)) return
  await sendContent(hub, content, rest.join('/'), `"${content.sha256}"`, request, response)
}

function record(hub: Hub, request: IncomingMessage, path: string): void {
  hub.requests.push({
    method: request.method ?? '',
    path,
    range: request.headers.range,
    authorized: request.headers.authorization !== undefined,
  })
}

function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}
