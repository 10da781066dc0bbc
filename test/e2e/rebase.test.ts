import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DebianRegistry, startDebianRegistry } from '../pipelines/publish/debian-registry.ts'
import { type FaultProxy, openFaultProxy } from '../pipelines/publish/fault-proxy.ts'
import { copyLock, demoRecipe, ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'

// One model, several images: its weights are downloaded once for those built together, and not at all on a new machine where a
// published image has them.

const run = promisify(execFile)
const sha256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53'
const places: Workplace[] = []
let files: FileServer
let registry: DebianRegistry
let proxy: FaultProxy

interface FileServer {
  url: string
  sizeBytes: number
  /** Bytes of each answer. */
  sent: number[]
  server: Server
}

/** A web server with the demo's model that says how much it gave away. */
async function serveModel(path: string): Promise<FileServer> {
  const { size } = await stat(path)
  const sent: number[] = []
  const server = createServer((request, response) => {
    if (request.url !== '/model.gguf') return void response.writeHead(404).end()
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    const start = Number(from)
    const end = to === '' ? size - 1 : Math.min(Number(to), size - 1)
    response.writeHead(206, {
      'content-length': end - start + 1,
      'content-range': `bytes ${start}-${end}/${size}`,
    })
    // What left, not what was announced: a lock reads the head of a file and hangs up.
    let sentBytes = 0
    response.on('close', () => sent.push(sentBytes))
    createReadStream(path, { start, end })
      .on('data', (chunk) => {
        sentBytes += chunk.length
      })
      .pipe(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, sizeBytes: size, sent, server }
}

async function machine(): Promise<Workplace> {
  const place = await newWorkplace()
  places.push(place)
  return place
}

beforeAll(async () => {
  const place = await machine()
  const built = await ingot(['build', demoRecipe, '--no-verify', '--json'], place)
  expect(built.code, built.stderr).toBe(0)
  const [report] = JSON.parse(built.stdout)
  const { digest } = report.layers.find((layer: { cause: string }) => layer.cause.endsWith('.gguf'))
  const folder = join(place.folder, 'model')
  await mkdir(folder)
  await run('tar', ['-xf', join(place.store, 'blobs/sha256', digest.slice('sha256:'.length)), '-C', folder])
  const [path = ''] = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.gguf'))
  files = await serveModel(join(folder, path))
  registry = await startDebianRegistry()
  proxy = await openFaultProxy({ upstream: registry.origin })
})

afterAll(async () => {
  files.server.close()
  await proxy.close()
  await registry.close()
  for (const { folder } of places) await rm(folder, { recursive: true, force: true })
})

/** The demo's recipe with the model from our server; `more` changes the image and not the weights. */
function recipeText(name: string, more = '', path = 'model.gguf'): string {
  return `name: ${name}
model:
  name: smollm2-135m-instruct
  license: Apache-2.0
engine:
  id: llama-cpp
weights:
  source:
    type: url
    url: ${files.url}/${path}
    sha256: ${sha256}
serving:
  contextLength: 4096
${more}`
}

const upgrade = 'image:\n  slim: false\n  policy:\n    allowShells: true\n'
const largeAnswers = () => files.sent.filter((sizeBytes) => sizeBytes > files.sizeBytes / 2)
const digestOf = (stdout: string) => stdout.trimEnd().split('\n').at(-1) ?? ''
let first: Workplace

test('recipes built together download shared weights once, and one that fails stops no other', async () => {
  first = await machine()
  const one = await writeRecipe(first, 'one', recipeText('one'))
  const two = await writeRecipe(first, 'two', recipeText('two', upgrade))
  const broken = await writeRecipe(first, 'broken', recipeText('broken', '', 'no-such.gguf'))
  const built = await ingot(['build', one, broken, two, '--parallel', '3', '--no-verify', '--json'], first)
  expect(built.code).toBe(1)
  expect(built.stderr).toMatch(/^ingot: one: \S/m)
  expect(built.stderr).toMatch(/^ingot: two: \S/m)
  expect(built.stderr).toMatch(
    /^ingot: could not read http:.*no-such\.gguf\n {2}found: the server answered 404$/m,
  )
  expect(built.stderr).toMatch(
    /^ingot: 2 of 3 recipes\n {2}one {5}not booted {2}sha256:.*\n {2}broken {2}failed/m,
  )
  const reports = JSON.parse(built.stdout)
  expect(reports.map(({ name }: { name: string }) => name)).toEqual(['one', 'two'])
  const weights = reports.map(({ layers }: { layers: { part: string; digest: string }[] }) =>
    layers.filter(({ part }) => part === 'weights').map(({ digest }) => digest),
  )
  expect(weights[0]).toEqual(weights[1])
  expect(reports[0].image).not.toBe(reports[1].image)
  expect(largeAnswers()).toEqual([files.sizeBytes])
  const published = await ingot(
    ['publish', one, '--to', `${proxy.host}/llm/one`, '--tag', 'v1', '--unverified'],
    first,
  )
  expect(published.code, published.stderr).toBe(0)
})

test('an upgrade on a new machine moves no byte of weights, neither in nor out', async () => {
  const place = await machine()
  const two = await writeRecipe(place, 'two', recipeText('two', upgrade))
  proxy.seen.length = 0
  const from = ['--from-registry', `${proxy.host}/llm/one:v1`]
  const built = await ingot(['build', two, '--no-verify', ...from], place)
  expect(built.code, built.stderr).toBe(0)
  expect(built.stderr).toContain(`${proxy.host}/llm/one:v1 has 2 of 2 weight layers\n`)
  expect(largeAnswers()).toEqual([files.sizeBytes])
  expect(Math.max(...proxy.seen.map(({ answerBytes }) => answerBytes))).toBeLessThan(100_000)

  const to = ['--to', `${proxy.host}/llm/two`, '--tag', 'v2', '--unverified', '--json']
  const published = await ingot(['publish', two, ...to], place)
  expect(published.code, published.stderr).toBe(0)
  const { uploadedBytes, mountedBytes } = JSON.parse(published.stdout)
  expect(mountedBytes).toBeGreaterThan(files.sizeBytes)
  const movedBytes = proxy.seen.reduce((sum, { bodyBytes, answerBytes }) => sum + bodyBytes + answerBytes, 0)
  expect(movedBytes).toBeLessThan(files.sizeBytes)
  expect(uploadedBytes).toBeLessThan(movedBytes)

  // The very image that a machine with the weights makes.
  const there = await ingot(['build', join(first.folder, 'two.yaml'), '--no-verify'], first)
  expect(digestOf(built.stdout)).toBe(digestOf(there.stdout))

  // The same registry under its other address: nothing is known to be there.
  const elsewhere = await ingot(['publish', two, '--to', `${registry.host}/llm/three`, '--unverified'], place)
  expect(elsewhere).toMatchObject({ code: 1, stderr: expect.stringContaining('its bytes are not here') })
  // A bundle has to carry them, so they come now.
  const bundle = join(place.folder, 'bundle')
  const bundled = await ingot(['bundle', two, '--to', bundle, '--unverified'], place)
  expect(bundled.code, bundled.stderr).toBe(0)
  expect((await run('sh', [join(bundle, 'verify.sh')])).stdout).toContain('is whole')
  expect(largeAnswers()).toEqual([files.sizeBytes])
})

test('a boot needs the bytes: they come from the registry and are hashed against the lock', async () => {
  const place = await machine()
  const two = await writeRecipe(place, 'two', recipeText('two', upgrade))
  proxy.seen.length = 0
  const built = await ingot(['build', two, '--from-registry', `${proxy.host}/llm/one:v1`], place)
  expect(built.code, built.stderr).toBe(0)
  expect(built.stdout).toMatch(/^verified: \d+ checks passed, 0 failed/m)
  expect(largeAnswers()).toEqual([files.sizeBytes])
  expect(proxy.seen.some(({ answerBytes }) => answerBytes >= files.sizeBytes)).toBe(true)
  const there = await ingot(['build', join(first.folder, 'two.yaml'), '--no-verify'], first)
  expect(digestOf(built.stdout)).toBe(digestOf(there.stdout))
})

test('a machine without an engine takes a published image by digest, and boots that very one', async () => {
  const place = await machine()
  const one = await writeRecipe(place, 'one', recipeText('one'))
  await copyLock('one', first, place)
  const there = await ingot(['build', join(first.folder, 'one.yaml'), '--no-verify'], first)
  const digest = digestOf(there.stdout)
  const from = ['--from-registry', `${proxy.host}/llm/one@${digest}`]
  const environment = { ...place.environment, _EXPERIMENTAL_DAGGER_RUNNER_HOST: 'unix:///no/engine.sock' }
  const built = await ingot(['build', one, '--no-verify', ...from], { ...place, environment })
  expect(built.code, built.stderr).toBe(0)
  expect(digestOf(built.stdout)).toBe(digest)
  expect(built.stderr).toMatch(/fetch (\d+) of \1 runtime layers of /)
  const [plain, taken] = await Promise.all([first, place].map((at) => ingot(['size', digest, '--json'], at)))
  expect(taken?.stdout).toBe(plain?.stdout)

  proxy.seen.length = 0
  const verified = await ingot(['verify', one], place)
  expect(verified.code, verified.stderr).toBe(0)
  expect(verified.stdout).toContain(digest)
  expect(proxy.seen.some(({ answerBytes }) => answerBytes >= files.sizeBytes)).toBe(true)
  expect(largeAnswers()).toEqual([files.sizeBytes])
})

test('an image of another plan gives its weights only, and a tag nothing but them', async () => {
  const place = await machine()
  const two = await writeRecipe(place, 'two', recipeText('two', upgrade))
  await copyLock('two', first, place)
  const { stdout } = await ingot(['build', join(first.folder, 'one.yaml'), '--no-verify'], first)
  const one = `${proxy.host}/llm/one`
  const references = [`${one}@${digestOf(stdout)}`, `${one}:v1`]
  const from = references.flatMap((reference) => ['--from-registry', reference])
  const built = await ingot(['build', two, '--no-verify', ...from], place)
  expect(built.code, built.stderr).toBe(0)
  expect(built.stderr).toContain('was made of another plan: its runtime is built here')
  expect(built.stderr).not.toContain('runtime layers of')
  expect(built.stderr).toContain(`${references[0]} has 2 of 2 weight layers`)
})
