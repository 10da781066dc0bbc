import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createGzip, createZstdCompress } from 'node:zlib'
import { z } from 'zod'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { RunnerFacts } from '../../images/boot/runner-facts.ts'
import { compileCacheCause } from '../../images/oci/layer-causes.ts'
import { mediaTypes, type StoredLayer } from '../../images/oci/oci.ts'
import { compileCacheKey } from '../../images/plan/compile-cache-key.ts'
import { type ImagePlan, planDigestOf } from '../../images/plan/plan.ts'
import { formatBytes } from '../../lib/bytes.ts'
import { type Digest, hexOf, parseDigest } from '../../lib/digest.ts'
import { formatMs } from '../../lib/duration.ts'
import type { BootedServer, ImageMount, Runner } from '../boot/runner.ts'
import type { Run } from '../process/run.ts'
import { type RecordKind, recall, remember, touchRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { writeBlob } from '../store/write.ts'
import { usualLimits } from '../verify/limits.ts'
import { plannedBoots } from '../verify/planned-boots.ts'
import { askAll } from '../verify/questions.ts'
import { waitUntilReady } from '../verify/readiness.ts'
import { inTurn } from '../verify/turn.ts'
import { areIntact, storedLayersSchema } from './stored-layers.ts'

/** What a boot compiled, as a layer of the store. */
interface KnownCache {
  layers: StoredLayer[]
  /** Of the boot here that compiled them; absent for those of a published image. */
  boot?: { files: number; readyMs: number }
}

const recordKind: RecordKind<KnownCache> = {
  name: 'compile-cache',
  schema: z.object({
    layers: storedLayersSchema,
    boot: z.object({ files: z.number(), readyMs: z.number() }).exactOptional(),
  }),
}

/** The layer that an image of the very plan had, made here or published; undefined where the store has none. */
export async function compiledOfPlan(store: Store, plan: ImagePlan): Promise<CompileCacheResult | undefined> {
  const known = await knownCache(store, hexOf(planDigestOf(plan)))
  return (
    known && made(known, known.boot === undefined ? 'of the published image' : 'kept from an earlier build')
  )
}

/** So that a build of the same plan that takes a published image, or boots nothing, comes to the same digest. */
export function keepCompiled(store: Store, plan: ImagePlan, cache: KnownCache): Promise<void> {
  return remember(store, recordKind, hexOf(planDigestOf(plan)), cache)
}

async function knownCache(store: Store, key: string): Promise<KnownCache | undefined> {
  const known = await recall(store, recordKind, key)
  if (known === undefined || !(await areIntact(store, known.layers))) return undefined
  await touchRecord(store, recordKind.name, key)
  return known
}

/** The layer, where there is one, and what the report says of it. */
export interface CompileCacheResult {
  layers: StoredLayer[]
  check: CheckResult
}

export interface CompileCacheContext extends Run {
  store: Store
  runner: Runner
}

/** The image without the layer, which compiles, and what its code depends on. */
export interface CompilingImage {
  image: Digest
  runtime: readonly StoredLayer[]
  mounts: readonly ImageMount[]
}

/**
 * The layer with what the engine compiles. An equal runtime, configuration and shape of the model have it from the store on a
 * machine with the same processor and GPUs; else the image without it is booted and asked, and what its compilers wrote is taken.
 */
export async function compileCacheLayer(
  plan: ImagePlan,
  compiling: CompilingImage,
  context: CompileCacheContext,
): Promise<CompileCacheResult> {
  const { compileCache } = plan
  if (compileCache === undefined) throw new Error('the plan asks for no compiled code')
  const machine = await context.runner.machine()
  const key = compileCacheKey(plan, compiling.runtime, machine)
  const known = await knownCache(context.store, key)
  if (known !== undefined) {
    await keepCompiled(context.store, plan, known)
    return made(known, 'kept from an earlier build')
  }
  const why = unfitWords(plan, machine)
  if (why !== undefined) return notMade(why)
  context.progress.step('boot it to take what the engine compiles')
  const taken = await takenFromBoot(plan, compiling, context)
  if (typeof taken === 'string') return notMade(taken)
  await remember(context.store, recordKind, key, taken)
  await keepCompiled(context.store, plan, taken)
  return made(taken, 'taken from a boot')
}

/** The result of a build that boots nothing. */
export function notMade(why: string): CompileCacheResult {
  return { layers: [], check: layerCheck('skipped', `not made: ${why}`) }
}

function made({ layers, boot }: KnownCache, how: string): CompileCacheResult {
  const bytes = layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0)
  const files = boot === undefined ? [] : [`${boot.files} files`]
  const compiling =
    boot === undefined ? '' : `; the boot that compiled them was ready after ${formatMs(boot.readyMs)}`
  const said = [...files, `${formatBytes(bytes)} stored`, how].join(', ')
  return { layers, check: layerCheck('passed', `${said}${compiling}`) }
}

function layerCheck(status: CheckResult['status'], observed: string): CheckResult {
  return {
    id: 'compile-cache-layer',
    group: 'image',
    title: 'the image holds what its engine compiles',
    required: false,
    status,
    expected: 'a layer with files that a boot compiled',
    observed,
    beganMs: 0,
    durationMs: 0,
    evidence: '',
  }
}

function unfitWords({ requires }: ImagePlan, { gpus }: RunnerFacts): string | undefined {
  return requires === undefined || gpus.length > 0
    ? undefined
    : 'it is compiled for a GPU; build on a host that has one: `ingot build RECIPE --runner docker --gpus all`'
}

/** Words where nothing could be taken. */
async function takenFromBoot(
  plan: ImagePlan,
  { image, mounts }: CompilingImage,
  { runner, signal, store }: CompileCacheContext,
): Promise<KnownCache | string> {
  const [first] = plannedBoots(image, plan, { mounts, variables: {} }).whole
  if (first === undefined) return 'the plan has no boot'
  const { request } = first
  const boot = async (server: BootedServer) => {
    const began = performance.now()
    const clock = { now: () => Math.round(performance.now() - began) }
    const trial = { server, plan, clock, limits: usualLimits, signal, key: request.secret?.value ?? null }
    const readiness = await waitUntilReady(trial)
    if (readiness.status !== 'passed') return `the boot without it was not ready: ${readiness.observed}`
    const readyMs = readiness.durationMs
    const deadlineMs = clock.now() + usualLimits.askSeconds * 1000
    // Other shapes of questions may compile more.
    await askAll({ ...trial, deadlineMs }, plan.verify.behaviour.probes)
    const taken = await takenFromServer(server, plan, store)
    const { signal: stop, timeoutSeconds } = plan.verify.behaviour.stop
    await server.stop(stop, timeoutSeconds)
    return typeof taken === 'string'
      ? taken
      : { layers: [taken.layer], boot: { files: taken.files, readyMs } }
  }
  return inTurn(runner, signal, () => runner.boot(request, boot))
}

async function takenFromServer(
  server: BootedServer,
  { compileCache, compression }: ImagePlan,
  store: Store,
): Promise<{ layer: StoredLayer; files: number } | string> {
  const { folders = [] } = compileCache ?? {}
  const files = await server.compiledFiles(folders)
  if (files === null) return 'the runner cannot look into a running container: use podman, or run as root'
  if (files.length === 0) return 'the engine compiled nothing'
  const scratch = await mkdtemp(join(store.temporary, 'compile-cache-'))
  try {
    const tar = join(scratch, 'layer.tar')
    await server.saveCompiled(folders, tar)
    return { layer: await storedTar(tar, compression, store), files: files.length }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Node's own compressors: the bytes are not the same in two builds anyway. */
async function storedTar(
  path: string,
  compression: ImagePlan['compression'],
  store: Store,
): Promise<StoredLayer> {
  const hash = createHash('sha256')
  const packer = compression === 'gzip' ? createGzip({ level: 9 }) : createZstdCompress()
  const source = createReadStream(path)
  source.on('data', (chunk) => hash.update(chunk))
  source.on('error', (error) => packer.destroy(error))
  const { digest, sizeBytes } = await writeBlob(store, source.pipe(packer))
  const mediaType = compression === 'gzip' ? mediaTypes.layerGzip : mediaTypes.layerZstd
  const diffId = parseDigest(`sha256:${hash.digest('hex')}`)
  return { descriptor: { mediaType, digest, size: sizeBytes }, diffId, cause: compileCacheCause }
}
