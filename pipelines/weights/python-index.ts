import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { z } from 'zod'
import { publicUrl } from '../network/address.ts'
import { kindOfAnswer, portalHint, readAnswer } from '../network/answer.ts'
import { NetworkError } from '../network/error.ts'
import { getText } from '../network/http.ts'
import { basicLogin, type Login } from '../network/login.ts'
import { withRetry } from '../network/retry.ts'
import type { ProgramSettings, Settings } from '../settings/settings.ts'
import type { VariableName } from '../settings/variables.ts'
import { WeightsError } from './error.ts'
import type { SourceSession } from './source.ts'

/** pip's own default where nothing is configured. */
const defaultIndex = 'https://pypi.org/simple'

export type IndexSettings = Pick<Settings, 'indexes' | 'programs'>
type PipName = Extract<VariableName, `PIP_${string}`>
type UvName = Extract<VariableName, `UV_${string}`>

export interface IndexFile {
  filename: string
  url: string
  sha256: string | undefined
  /** The index's own, where it lies on the same host. */
  login: Login | undefined
}

/** The files that the configured indexes list for a package, in pip's order of indexes. */
export async function listPackageFiles(name: string, context: SourceSession): Promise<IndexFile[]> {
  const normal = name.toLowerCase().replaceAll(/[-_.]+/g, '-')
  const files: IndexFile[] = []
  const missed: NetworkError[] = []
  for (const index of await configuredIndexes(context.settings)) {
    try {
      files.push(...(await listFrom(`${index.replace(/\/+$/, '')}/${normal}/`, context)))
    } catch (error) {
      if (!(error instanceof NetworkError) || error.code !== 'not-found') throw error
      missed.push(error)
    }
  }
  if (files.length === 0 && missed[0]) throw missed[0]
  return files
}

/** Indexes as pip itself is configured: environment first, then what `pip config` reports, then uv's, then pip's default. */
export async function configuredIndexes(settings: IndexSettings): Promise<string[]> {
  const { PIP_INDEX_URL = '', PIP_EXTRA_INDEX_URL = '' } = await indexVariables(settings)
  const index = PIP_INDEX_URL || defaultIndex
  return [index, ...PIP_EXTRA_INDEX_URL.split(/\s+/)].filter((url) => /^https?:\/\//.test(url))
}

/**
 * The same as variables for pip and uv elsewhere; none where nothing is configured. What one of them is not told it takes
 * from the other.
 */
export async function indexVariables({ indexes, programs }: IndexSettings): Promise<Record<string, string>> {
  const configured = parsePipConfig(await pipConfig(programs))
  const pip = (name: PipName, key: string) => indexes[name] ?? configured[key]
  const uv = (...names: UvName[]) => names.map((name) => indexes[name]).find(Boolean)
  const index = { pip: pip('PIP_INDEX_URL', 'index-url'), uv: uv('UV_DEFAULT_INDEX', 'UV_INDEX_URL') }
  const extra = {
    pip: pip('PIP_EXTRA_INDEX_URL', 'extra-index-url'),
    uv: uv('UV_INDEX', 'UV_EXTRA_INDEX_URL'),
  }
  const trusted = { pip: pip('PIP_TRUSTED_HOST', 'trusted-host'), uv: uv('UV_INSECURE_HOST') }
  const found = {
    PIP_INDEX_URL: index.pip ?? index.uv,
    // uv lets an index have a name: `inner=https://…`.
    PIP_EXTRA_INDEX_URL: extra.pip ?? extra.uv?.replaceAll(/(^|\s)[\w-]+=(?=https?:)/g, '$1'),
    PIP_TRUSTED_HOST: trusted.pip ?? trusted.uv,
    UV_DEFAULT_INDEX: index.uv ?? index.pip,
    UV_INDEX: extra.uv ?? extra.pip,
    UV_INDEX_STRATEGY: indexes.UV_INDEX_STRATEGY,
    UV_INSECURE_HOST: trusted.uv ?? trusted.pip,
  }
  return Object.fromEntries(Object.entries(found).flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

async function pipConfig({ environment }: ProgramSettings): Promise<string> {
  for (const [command = '', ...args] of [
    ['python3', '-m', 'pip', 'config', 'list'],
    ['pip', 'config', 'list'],
  ])
    try {
      return (await promisify(execFile)(command, args, { env: environment, timeout: 30_000 })).stdout
    } catch {
      // No Python or no pip here: its environment variables and default still hold.
    }
  return ''
}

/** Lines such as `global.index-url='https://…'`; a setting for one command wins over `global`, as in pip. */
export function parsePipConfig(text: string): Record<string, string> {
  const rank = (section: string) => ['global', 'download', 'install', ':env:'].indexOf(section)
  const lines = [...text.matchAll(/^([^.\n]+)\.([\w-]+)=(['"])(.*)\3$/gm)]
    .map(([, section = '', key = '', , value = '']) => ({
      section,
      key,
      value: value.replaceAll('\\n', ' ').trim(),
    }))
    .filter(({ section }) => rank(section) >= 0)
    .sort((a, b) => rank(a.section) - rank(b.section))
  return Object.fromEntries(lines.map(({ key, value }) => [key, value]))
}

const listing = z.object({
  files: z.array(
    z.object({ filename: z.string(), url: z.string(), hashes: z.record(z.string(), z.string()) }),
  ),
})

async function listFrom(address: string, context: SourceSession): Promise<IndexFile[]> {
  const { url, login } = splitCredentials(address)
  const accept = 'application/vnd.pypi.simple.v1+json, text/html;q=0.5'
  const {
    text,
    headers: answered,
    url: base,
  } = await withRetry(
    () => getText(url, { ...context, headers: { ...loginHeaders(login), accept } }),
    context.retry,
    context.signal,
  )
  const loginFor = (target: string) => (new URL(target).host === new URL(url).host ? login : undefined)
  return listedIn(text, base, answered.get('content-type')).map((file) => {
    if (!URL.canParse(file.url, base)) throw noIndex(base, `an address that is none for ${file.filename}`)
    const resolved = new URL(file.url, base)
    resolved.hash = ''
    return { ...file, url: resolved.href, login: loginFor(resolved.href) }
  })
}

/** A page without a link and without the words of a list is somebody else's: an index marks even an empty one. */
function listedIn(text: string, base: string, contentType: string | null): Omit<IndexFile, 'login'>[] {
  if (contentType?.includes('json')) return fromJson(text, base)
  const files = fromHtml(text)
  const isList = files.some(({ filename }) => /\.(whl|tar\.gz|zip|egg|tar\.bz2|exe)$/i.test(filename))
  if (isList || /pypi:repository-version|<title>\s*(simple index|links for)/i.test(text)) return files
  throw noIndex(base, `${kindOfAnswer({ text, contentType })} without a list of files`)
}

function fromJson(text: string, base: string): Omit<IndexFile, 'login'>[] {
  const answer = readAnswer(listing, { text, contentType: 'application/json' })
  if (!answer.ok) throw noIndex(base, answer.found)
  return answer.value.files.map((file) => ({ ...file, sha256: file.hashes['sha256'] }))
}

function noIndex(base: string, found: string): WeightsError {
  return new WeightsError('bad-answer', {
    attempted: `read the package list at ${publicUrl(base)}`,
    found: `the server sent ${found}`,
    hint: `check that the configured index speaks the simple API (PEP 503 or PEP 691); ${portalHint}`,
  })
}

/** The older HTML form of the simple API: `<a href="…#sha256=…">name.whl</a>`. */
export function fromHtml(text: string): Omit<IndexFile, 'login'>[] {
  return [...text.matchAll(/<a\s[^>]*href="([^"]+)"[^>]*>\s*([^<]+?)\s*<\/a>/gi)].map(
    ([, href = '', name = '']) => ({
      filename: name,
      url: href.replaceAll('&amp;', '&'),
      sha256: /#sha256=([0-9a-f]{64})/.exec(href)?.[1],
    }),
  )
}

/** What a request to an index or to one of its files sends. */
export function loginHeaders(login: Login | undefined): Record<string, string> {
  return login === undefined ? {} : { authorization: `Basic ${login.reveal()}` }
}

/** Takes `user:password@` out of an index address, so that no later message can show it. */
function splitCredentials(address: string): { url: string; login: Login | undefined } {
  const url = new URL(address)
  const { username, password } = url
  if (username === '' && password === '') return { url: address, login: undefined }
  url.username = ''
  url.password = ''
  const login = basicLogin(decodeURIComponent(username), decodeURIComponent(password), publicUrl(url.href))
  return { url: url.href, login }
}
