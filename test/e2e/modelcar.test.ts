import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { $ } from 'zx'
import type { Report } from '../../images/report/report.ts'
import { type Registry, serveStore } from '../../pipelines/registry-server/server.ts'
import { readImageConfig, readImageManifest } from '../../pipelines/store/image.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { removeReferences, resolveReference } from '../../pipelines/store/reference.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { startDebianRegistry } from '../pipelines/publish/debian-registry.ts'
import { inspectTag } from '../pipelines/publish/images.ts'
import { recordedSyft } from '../pipelines/sbom/recorded.ts'
import { toolPath } from '../tools/find.ts'
import { demoRecipe, ingot, lockText, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'
import { type PodmanPlace, podmanPlace } from './podman-place.ts'

const model = 'smollm2-135m-instruct'
const file = 'SmolLM2-135M-Instruct.Q4_1.gguf'
const sha256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53'
// As pkg/utils/storage.go of KServe writes them into a pod, after Kubernetes has made one dollar of each two.
const sidecar = ['sh', '-c', 'ln -sf /proc/$$/root/models /mnt/models && sleep infinity']
const fetched = [
  'sh',
  '-c',
  `[ -d /models ] && [ "$(ls -A /models)" ] && echo 'OK' || (echo 'NOK' && exit 1)`,
]
const user = '54321'

let place: Workplace
let podmans: PodmanPlace
let store: Store
let registry: Registry
const pod = `ingot-modelcar-${randomBytes(4).toString('hex')}`

async function build(change: (text: string) => string, environment: NodeJS.ProcessEnv = {}): Promise<Report> {
  const recipe = (await readFile(demoRecipe, 'utf8'))
    .replace('name: smollm2-135m-llama-cpp', 'name: car')
    .replace('delivery: baked', 'delivery: artifact\n  modelcar: true')
  const at = { ...place, environment: { ...place.environment, ...environment } }
  const written = await writeRecipe(place, 'car', change(recipe))
  const run = await ingot(['build', written, '--no-verify', '--json'], at)
  expect(run.code, run.stderr + run.stdout).toBe(0)
  return JSON.parse(run.stdout)[0]
}

async function layersOf(name: string): Promise<string[]> {
  const image = await resolveReference(store, `${name}:latest`)
  if (image === undefined) throw new Error(`the store has no ${name}`)
  return (await readImageManifest(store, image.digest)).layers.map(({ digest }) => digest)
}

beforeAll(async () => {
  place = await newWorkplace()
  podmans = await podmanPlace()
  await build((text) => text)
  store = await openStore(place.store)
  registry = await serveStore(store, {})
})

afterAll(async () => {
  await podmans.podman('rm', '--force', '--time', '0', '--depend', pod)
  await podmans.close()
  await registry.close()
  await closeStore(store)
  await rm(place.folder, { recursive: true, force: true })
})

test('the modelcar is the weights image and two small layers, without an entrypoint', async () => {
  const weights = await layersOf('car-weights')
  const layers = await layersOf('car-modelcar')
  expect(layers.slice(0, weights.length)).toEqual(weights)
  expect(layers).toHaveLength(weights.length + 2)
  const image = await resolveReference(store, 'car-modelcar:latest')
  const manifest = image && (await readImageManifest(store, image.digest))
  const own = manifest?.layers.slice(weights.length) ?? []
  expect(own.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(1_500_000)
  const config = image && (await readImageConfig(store, image.digest)).config
  expect(config).toMatchObject({ User: '10001:0', Env: ['PATH=/bin'] })
  expect(config).not.toHaveProperty('Entrypoint')
  const lock = JSON.parse(await lockText(place))
  expect(lock.modelcar.packages).toEqual([expect.objectContaining({ name: 'busybox-static' })])
})

test('another image of the model takes the modelcar as it is: no engine is asked', async () => {
  const before = await resolveReference(store, 'car-modelcar:latest')
  const first = await resolveReference(store, 'car:latest')
  const nowhere = { _EXPERIMENTAL_DAGGER_RUNNER_HOST: 'unix:///nonexistent/engine.sock' }
  const other = await build((text) => text.replace('contextLength: 4096', 'contextLength: 2048'), nowhere)
  expect(other.image).not.toBe(first?.digest)
  expect(await resolveReference(store, 'car-modelcar:latest')).toEqual(before)
})

test('what was pruned beside a server that stays is made again, without an engine', async () => {
  const names = ['car-weights', 'car-modelpack', 'car-modelcar'].map((name) => `${name}:latest`)
  const images = () => Promise.all(names.map((name) => resolveReference(store, name)))
  const before = await images()
  expect(before.every((image) => image !== undefined)).toBe(true)
  await removeReferences(store, ({ name }) => name !== undefined && names.includes(name))
  expect((await images()).every((image) => image === undefined)).toBe(true)
  const nowhere = { _EXPERIMENTAL_DAGGER_RUNNER_HOST: 'unix:///nonexistent/engine.sock' }
  await build((text) => text.replace('contextLength: 4096', 'contextLength: 2048'), nowhere)
  expect(await images()).toEqual(before)
})

test("KServe's commands run as any user, and another container reads the weights through the link", async () => {
  const { podman } = podmans
  const pulled = async (name: string) => {
    const reference = `127.0.0.1:${registry.port}/${name}:latest`
    await podman('pull', '--quiet', '--tls-verify=false', reference)
    return reference
  }
  const [modelcar, server] = [await pulled('car-modelcar'), await pulled('car')]
  const shared = join(place.folder, 'mnt')
  await mkdir(shared)
  // As an emptyDir is.
  await chmod(shared, 0o777)
  const run = (uid: string, ...rest: string[]) =>
    podman('run', '--network', 'none', '--user', uid, '--volume', `${shared}:/mnt`, ...rest)
  expect(await run(user, '--rm', modelcar, ...fetched)).toBe('OK')
  // A pod's first process is none of its containers', so that no number in the link can be right by chance.
  await run(user, '--detach', '--name', pod, modelcar, 'sleep', 'infinity')
  const inPod = ['--pid', `container:${pod}`]
  await run(user, '--detach', '--read-only', ...inPod, modelcar, ...sidecar)
  const hash = (path: string, uid: string) =>
    run(uid, '--rm', '--read-only', ...inPod, '--entrypoint', '/usr/bin/sha256sum', server, path)
  for (const path of [`/mnt/models/${file}`, `/mnt/models/${model}/${file}`])
    await vi.waitFor(async () => expect(await hash(path, user)).toBe(`${sha256}  ${path}`), 30_000)
  await expect(hash(`/mnt/models/${file}`, '54322')).rejects.toThrow('Permission denied')
})

test('the programs are the same bytes for another model; the links are its own', async () => {
  const [programs, links] = (await layersOf('car-modelcar')).slice(-2)
  await build((text) => text.replace(`  name: ${model}`, '  name: other'))
  const [samePrograms, otherLinks] = (await layersOf('car-modelcar')).slice(-2)
  expect(samePrograms).toBe(programs)
  expect(otherLinks).not.toBe(links)
})

test('published, it is signed and its programs are listed', async () => {
  const debian = await startDebianRegistry()
  onTestFinished(() => debian.close())
  const cosign = toolPath('cosign')
  const at = {
    ...place,
    environment: {
      ...place.environment,
      COSIGN_PASSWORD: 'a-password-of-the-key',
      INGOT_COSIGN: cosign,
      INGOT_GITLEAKS: toolPath('gitleaks'),
      // syft itself takes minutes to build; what it does not know of the modelcar is what is looked for here.
      INGOT_SYFT: await recordedSyft(place.folder),
    },
  }
  await $({
    cwd: place.folder,
    env: at.environment,
    quiet: true,
  })`${cosign} generate-key-pair --output-key-prefix car`
  await build((text) => text)
  const image = await resolveReference(store, 'car-modelcar:latest')
  const [recipe, key] = ['car.yaml', 'car.key'].map((name) => join(place.folder, name))
  const to = `${debian.host}/team/car`
  const done = await ingot(
    ['publish', recipe ?? '', '--to', to, '--unverified', '--sbom', '--sign', key ?? ''],
    at,
  )
  expect(done.code, done.stderr).toBe(0)
  const found = await inspectTag(debian.origin, 'team/car-modelcar', 'latest')
  expect(found).toEqual({ state: 'complete', digest: image?.digest })
  const pub = ['--key', join(place.folder, 'car.pub'), '--insecure-ignore-tlog=true']
  const check = async (...args: string[]) =>
    (await $({ env: at.environment, quiet: true })`${cosign} ${args} ${pub} ${to}-modelcar@${image?.digest}`)
      .stdout
  await check('verify')
  for (const type of ['spdxjson', 'cyclonedx']) {
    const { payload } = JSON.parse(await check('verify-attestation', '--type', type))
    expect(Buffer.from(payload, 'base64').toString('utf8')).toContain('pkg:deb/debian/busybox-static@')
  }
  const scanned = await ingot(['scan', recipe ?? '', '--json'], at)
  expect(JSON.parse(scanned.stdout).companions['car-modelcar']).toMatchObject({
    setuid: [],
    gitleaks: true,
    shells: ['/bin/busybox', '/bin/sh'],
  })
})
