import type { BootReport } from '../../images/boot/boot-report.ts'
import type { StandIn } from '../../images/boot/stand-in.ts'
import { type Report, verdictOf } from '../../images/report/report.ts'
import type { Profile } from '../../recipes/verification.ts'
import { containerRunner } from '../boot/container.ts'
import type { GpuChoice } from '../boot/container-flags.ts'
import { daggerRunner } from '../boot/dagger.ts'
import type { Runner } from '../boot/runner.ts'
import { keepReport } from '../catalogue/report-record.ts'
import { StageError } from '../error.ts'
import { fetchForeign } from '../image-reader/fetch-blobs.ts'
import type { RegistrySettings } from '../image-reader/registry.ts'
import type { Run } from '../process/run.ts'
import type { Client } from '../process/session.ts'
import { serveStore } from '../registry-server/server.ts'
import { requireIntact } from '../store/damage.ts'
import { readImageManifest } from '../store/image.ts'
import type { Store } from '../store/store.ts'
import type { Subject } from './subject.ts'
import { verifyImage } from './verify.ts'

export interface VerifyOptions {
  runner: 'dagger' | 'docker' | 'podman'
  gpus: GpuChoice | null
  memoryBytes: number | null
  /** Null means those of the plan. */
  profile: Profile | null
  /** Boots an image for a GPU on a CPU, with a driver that has no device. */
  standsIn: boolean
}

export interface VerifyRun extends Run {
  store: Store
  settings: RegistrySettings
  /** Opens the engine when something needs it. */
  engine(): Promise<Client>
}

/**
 * Boots the image again and gives its new report. It replaces the stored one when it covers every profile of the plan;
 * a part of them proves less than what is known.
 */
export async function verifyAgain(
  subject: Subject,
  options: VerifyOptions,
  context: VerifyRun,
): Promise<{ report: Report; stored: boolean }> {
  const { plan, report: known, mounts } = subject
  const standIn = options.standsIn ? requireStandIn(subject) : undefined
  const profiles = options.profile === null ? plan.verify.profiles : [options.profile]
  const began = performance.now()
  const boots = await withRunner(subject, options, context, (runner) =>
    verifyImage(
      known.image,
      { ...plan, verify: { ...plan.verify, profiles } },
      {
        runner,
        mounts,
        standIn,
        signal: context.signal,
        onStep: (text) => context.progress.step(text),
      },
    ),
  )
  const report = withBoots(known, boots, performance.now() - began)
  const isWhole = plan.verify.profiles.every((name) => profiles.includes(name))
  // What a GPU showed is not replaced by less.
  const stored = isWhole && (standIn === undefined || known.boots.every((boot) => boot.standIn))
  if (stored) await keepReport(context.store, report)
  return { report, stored }
}

/** How this image boots without a GPU. Throws `unfit-machine` where nobody has found a way. */
function requireStandIn({ plan }: Subject): StandIn {
  const standIn = plan.verify.behaviour.gpu?.standIn
  if (standIn !== undefined) return standIn
  const forCpu = plan.requires === undefined
  throw new StageError('unfit-machine', {
    attempted: `boot ${plan.name} with a stand-in driver`,
    found: forCpu
      ? 'the image computes on the CPU and wants no driver'
      : `nobody has found a way to start ${plan.engine.id} for a GPU on a CPU`,
    hint: forCpu
      ? 'run `ingot verify` without --stand-in'
      : 'run `ingot verify --runner docker --gpus all` (or podman) on a machine with the GPU',
  })
}

/** Layers that a build left in a registry are needed now. */
async function fetchElsewhere(
  { report, mounts }: Pick<Subject, 'report' | 'mounts'>,
  { store, progress, settings, signal }: VerifyRun,
): Promise<void> {
  const images = [report.image, ...mounts.map(({ image }) => image)]
  const manifests = await Promise.all(images.map((image) => readImageManifest(store, image)))
  const layers = manifests.flatMap((manifest) => manifest.layers.map(({ digest }) => digest))
  const onProgress = (done: number, total: number) => progress.bytes('fetch', done, total)
  await fetchForeign(store, layers, { settings, signal, onProgress })
}

function withBoots(known: Report, boots: BootReport[], verifyMs: number): Report {
  return {
    ...known,
    boots,
    verdict: verdictOf(boots, known.checks),
    times: { ...known.times, createdAt: new Date().toISOString(), verifyMs: Math.round(verifyMs) },
  }
}

/** An engine that has a layer by its digest does not read the store's, so what will ship is hashed here, every byte of it. */
async function requireWhole(
  { report, mounts }: Pick<Subject, 'report' | 'mounts'>,
  { store, progress, signal }: VerifyRun,
): Promise<void> {
  progress.step(`hash ${report.image} and all that it needs`)
  const onBytes = (done: number, total: number) => progress.bytes('hash', done, total)
  const images = [report.image, ...mounts.map(({ image }) => image)]
  await requireIntact(store, images, { by: 'hash', onBytes, signal })
}

export async function withRunner<Result>(
  subject: Subject,
  options: Omit<VerifyOptions, 'profile' | 'standsIn'>,
  context: VerifyRun,
  use: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  const { store, settings, engine } = context
  // An image whose recipe nobody knows is booted by the helpers of now.
  const factory = subject.origin?.lock.factory
  const { platform } = subject.plan
  // A session takes a second to open, in which the image is hashed; a failure is told below.
  if (options.runner === 'dagger') engine().catch(() => undefined)
  await fetchElsewhere(subject, context)
  await requireWhole(subject, context)
  const registry = await serveStore(store, {})
  try {
    if (options.runner === 'dagger') {
      const client = await engine()
      return await use(daggerRunner({ client, store, registryPort: registry.port, platform, factory }))
    }
    const place = { store, registryPort: registry.port, programs: settings.programs }
    return await withContainers({ ...options, runner: options.runner }, place, use)
  } finally {
    await registry.close()
  }
}

type ContainerOptions = Pick<VerifyOptions, 'gpus' | 'memoryBytes'> & { runner: 'docker' | 'podman' }

/** Boots with Docker or Podman while `use` runs. The store is served as a registry at that port. */
export async function withContainers<Result>(
  { runner: name, gpus, memoryBytes }: ContainerOptions,
  {
    store,
    registryPort,
    programs,
  }: { store: Store; registryPort: number; programs: RegistrySettings['programs'] },
  use: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  const tool = { name, ...programs }
  const runner = await containerRunner({ tool, store, registryPort, gpus, memoryBytes })
  try {
    return await use(runner)
  } finally {
    await runner.close()
  }
}
