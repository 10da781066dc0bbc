import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AssembledImage, assembleImage, mediaTypes, type StoredLayer } from '../../images/oci/oci.ts'
import { digestOf } from '../../lib/digest.ts'
import { type Registry, serveStore } from '../../pipelines/registry-server/server.ts'
import { blobPath } from '../../pipelines/store/blobs.ts'
import { verifyStore } from '../../pipelines/store/check.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { listReferences } from '../../pipelines/store/reference.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { writeBlob } from '../../pipelines/store/write.ts'
import { storeImage } from '../pipelines/store/store-image.ts'
import type { ProgramName } from '../tools/catalogue.ts'
import { toolPath } from '../tools/find.ts'

// Programs nobody here wrote read and write the store, as a folder and through the registry.

const name = 'demo/model:v1'
let scratch: string
let store: Store
let registry: Registry
let image: string

beforeAll(async () => {
  for (const tool of ['crane', 'regctl', 'conformance', 'skopeo'] as const) toolPath(tool)
  scratch = await mkdtemp(join(tmpdir(), 'ingot-registry-'))
  store = await openStore(join(scratch, 'store'))
  registry = await serveStore(store)
  image = await storeImage(store, await demoImage(store, mediaTypes.layer, mediaTypes.layerZstd), name)
})

afterAll(async () => {
  await registry.close()
  await closeStore(store)
  await rm(scratch, { recursive: true, force: true })
})

describe('reading', () => {
  test('crane validates an image, by tag and by digest under any name', async () => {
    const gzipped = await storeImage(store, await demoImage(store, mediaTypes.layerGzip), 'demo/gzip:v1')
    for (const reference of ['demo/gzip:v1', `anything@${gzipped}`])
      expect(await run('crane', 'validate', '--remote', `${host(registry)}/${reference}`)).toContain('PASS')
  })

  test('crane validates and unpacks plain and zstd layers', async () => {
    // Without --fast, crane 0.22.1 reads every layer as gzip (pkg/v1/validate/layer.go).
    expect(await run('crane', 'validate', '--fast', '--remote', `${host(registry)}/${name}`)).toContain(
      'PASS',
    )
    const tar = join(scratch, 'exported.tar')
    await run('crane', 'export', `${host(registry)}/${name}`, tar)
    const { stdout } = await promisify(execFile)('tar', ['-tf', tar])
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['layer.v1.tar', 'layer.v1.tar+zstd']))
  })

  test('crane reads digest, tags and config', async () => {
    expect(await run('crane', 'digest', `${host(registry)}/${name}`)).toBe(image)
    expect(await run('crane', 'ls', `${host(registry)}/demo/model`)).toBe('v1')
    expect(JSON.parse(await run('crane', 'config', `${host(registry)}/${name}`)).config.User).toBe('54321:0')
  })

  test('skopeo inspects the folder and the registry and sees the same digest', async () => {
    const folder = JSON.parse(await skopeo('inspect', `oci:${store.root}:${name}`))
    const served = JSON.parse(await skopeo('inspect', '--tls-verify=false', docker(registry, name)))
    expect([folder.Digest, served.Digest]).toEqual([image, image])
    expect(folder.Layers).toEqual(served.Layers)
  })

  test('skopeo copies the folder out with its digest unchanged', async () => {
    const target = join(scratch, 'copied')
    await skopeo('copy', '--preserve-digests', `oci:${store.root}:${name}`, `dir:${target}`)
    expect(digestOf(await readFile(join(target, 'manifest.json')))).toBe(image)
  })

  test('crane pulls a layout, and pushes the folder itself elsewhere', async () => {
    const layout = join(scratch, 'pulled')
    await run('crane', 'pull', '--format=oci', `${host(registry)}/${name}`, layout)
    expect(JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')).manifests[0].digest).toBe(image)
  })

  test('a push is refused and says why', async () => {
    const push = run('crane', 'copy', `${host(registry)}/${name}`, `${host(registry)}/demo/model:v2`)
    await expect(push).rejects.toThrow(/405|UNSUPPORTED/)
  })
})

describe('writing', () => {
  test.each([
    ['crane', (to: Registry) => run('crane', 'copy', `${host(registry)}/${name}`, `${host(to)}/${name}`)],
    [
      'skopeo',
      (to: Registry) =>
        skopeo(
          'copy',
          '--preserve-digests',
          '--dest-tls-verify=false',
          `oci:${store.root}:${name}`,
          docker(to, name),
        ),
    ],
    ['regctl', (to: Registry) => regctl('image', 'copy', `${host(registry)}/${name}`, `${host(to)}/${name}`)],
  ])('%s pushes the image: same digest, whole store', async (_client, push) => {
    await withTarget(async (target, to) => {
      await push(to)
      expect(await listReferences(target)).toMatchObject([{ name, descriptor: { digest: image } }])
      const problems: unknown[] = []
      await verifyStore(target, (problem) => problems.push(problem))
      expect(problems).toEqual([])
    })
  })

  test('regctl attaches an artifact and finds it by its subject', async () => {
    await withTarget(async (_target, to) => {
      const subject = `${host(to)}/${name}`
      await regctl('image', 'copy', `${host(registry)}/${name}`, subject)
      const report = join(scratch, 'report.json')
      await writeFile(report, '{"verified":true}')
      const type = 'application/vnd.ingot.report+json'
      await regctl('artifact', 'put', '--artifact-type', type, '--subject', subject, '--file', report)
      expect(await regctl('artifact', 'list', '--filter-artifact-type', type, subject)).toContain(type)
      expect(await regctl('artifact', 'get', '--subject', subject)).toContain('"verified":true')
    })
  })

  test('the OCI distribution conformance suite passes', async () => {
    await withTarget(async (_target, to) => {
      const result = await conformance(to)
      expect(result).toMatchObject({ failed: 0, errors: 0, skipped: 0 })
      expect(result.passed).toBeGreaterThan(700)
    })
  })
})

test('no client accepts a layer whose bytes changed on disk', async () => {
  await withTarget(async (target, to) => {
    await run('crane', 'copy', `${host(registry)}/${name}`, `${host(to)}/${name}`)
    const layer = JSON.parse(await run('crane', 'manifest', `${host(to)}/${name}`)).layers[0]
    await truncate(blobPath(target, layer.digest), layer.size - 1)
    await writeFile(blobPath(target, layer.digest), 'x', { flag: 'a' })
    await expect(run('crane', 'validate', '--remote', `${host(to)}/${name}`)).rejects.toThrow()
  })
})

const packers: Record<string, (tar: Buffer) => Buffer> = {
  [mediaTypes.layer]: (tar) => tar,
  [mediaTypes.layerZstd]: (tar) => zstdCompressSync(tar),
  [mediaTypes.layerGzip]: (tar) => gzipSync(tar),
}

/** One layer of each type, each with a file named after the end of its type. */
async function demoImage(target: Store, ...types: string[]): Promise<AssembledImage> {
  const layers: StoredLayer[] = []
  for (const type of types) layers.push(await storeLayer(target, type))
  return assembleImage(layers, { User: '54321:0', Entrypoint: ['/serve'] }, 'linux/amd64', {})
}

async function storeLayer(target: Store, mediaType: string): Promise<StoredLayer> {
  const tree = await mkdtemp(join(scratch, 'tree-'))
  const file = mediaType.slice(mediaType.indexOf('layer'))
  await writeFile(join(tree, file), Buffer.alloc(3_000_000, 'weights'))
  await promisify(execFile)('tar', ['-C', tree, '-cf', `${tree}.tar`, file])
  const tar = await readFile(`${tree}.tar`)
  const packed = packers[mediaType]?.(tar) ?? tar
  async function* content() {
    yield packed
  }
  const { digest, sizeBytes } = await writeBlob(target, content())
  return { descriptor: { mediaType, digest, size: sizeBytes }, diffId: digestOf(tar), cause: 'test' }
}

async function withTarget(act: (target: Store, to: Registry) => Promise<void>): Promise<void> {
  const target = await openStore(await mkdtemp(join(scratch, 'target-')))
  const to = await serveStore(target, { writable: true })
  try {
    await act(target, to)
  } finally {
    await to.close()
    await closeStore(target)
  }
}

function host({ port }: Registry): string {
  return `localhost:${port}`
}

function docker(to: Registry, reference: string): string {
  return `docker://${host(to)}/${reference}`
}

async function run(tool: ProgramName, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(toolPath(tool), args, { env: environment() })
  return (stdout.trim() || stderr).trim()
}

function skopeo(command: string, ...args: string[]): Promise<string> {
  // Debian's package keeps the policy file in another package, and a policy about signatures is not the point here.
  return run('skopeo', '--insecure-policy', command, ...args)
}

async function regctl(...args: string[]): Promise<string> {
  const plain = [registry.port, ...args.flatMap((arg) => /localhost:(\d+)/.exec(arg)?.[1] ?? [])]
  const hosts = plain.flatMap((port) => ['--host', `reg=localhost:${port},tls=disabled`])
  return run('regctl', ...hosts, ...args)
}

/** Clients keep logins and settings in HOME; a test has its own. */
function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, HOME: scratch, DOCKER_CONFIG: scratch, XDG_RUNTIME_DIR: scratch, ...more }
}

async function conformance(to: Registry) {
  const results = join(scratch, 'conformance')
  const env = environment({
    OCI_REGISTRY: host(to),
    OCI_TLS: 'disabled',
    OCI_RESULTS_DIR: results,
    // The store names blobs by sha256 alone.
    OCI_DATA_SHA512: 'false',
    OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
    OCI_API_BLOBS_DIGEST_HEADER: 'true',
    OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
  })
  const options = { env, cwd: scratch, maxBuffer: 64 * 1024 * 1024 }
  const ended = promisify(execFile)(toolPath('conformance'), [], options).catch((error) => error)
  const { stdout } = await ended
  const counts = /<testsuites[^>]*/.exec(await readFile(join(results, 'junit.xml'), 'utf8'))?.[0] ?? ''
  function count(attribute: string): number {
    return Number(new RegExp(` ${attribute}="(\\d+)"`).exec(counts)?.[1] ?? 0)
  }
  const [failed, errors, skipped] = [count('failures'), count('errors'), count('skipped')]
  return { passed: count('tests') - failed - errors - skipped, failed, errors, skipped, stdout }
}
