import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { installMmdebstrap, runMmdebstrap } from './debian.ts'
import {
  compressLayer,
  type Descriptor,
  hasManifest,
  pushFile,
  pushJson,
  pushManifest,
  type Repository,
} from './registry-push.ts'
import { type LabSettings, logFile, registryAddress } from './settings.ts'
import type { Say } from './terminal.ts'

const suites = ['bookworm', 'forky'] as const
type Suite = (typeof suites)[number]

// Every file's time is at most this one, so that an unchanged archive gives an unchanged digest.
const epochSeconds = 1_700_000_000
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }
const native = architectures[process.arch] ?? process.arch

/** What the official slim images leave out as well; packages installed later obey it too. */
const slimOptions = ['doc', 'man', 'locale', 'info', 'lintian'].map(
  (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
)

/** mmdebstrap's arguments for one base image, without the file it writes. `foreign`: an architecture whose programs are emulated. */
export function debianArguments(suite: Suite, foreign?: string): string[] {
  return [
    // What it looks for is a package of the host; the lab registers an emulator of its own.
    ...(foreign === undefined ? [] : [`--architectures=${foreign}`, '--skip=check/qemu']),
    '--variant=minbase',
    '--include=ca-certificates',
    '--aptopt=Acquire::Languages "none"',
    // A lab may read from a mirror that has stopped at a date; the images must still install packages.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    ...slimOptions,
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    // These two name the machine that built the image.
    '--customize-hook=rm -f "$1/etc/resolv.conf" "$1/etc/hostname"',
    suite,
  ]
}

/** Builds and pushes the Debian images that the registry does not have yet. */
export async function provideBaseImages(settings: LabSettings, say: Say, signal: AbortSignal) {
  for (const suite of suites) {
    const repository = { address: registryAddress(settings), name: 'library/debian' }
    if (await hasManifest(repository, keyTag(suite))) continue
    await installMmdebstrap(settings, say, signal)
    say(`building debian:${suite}-slim (log: ${logFile(settings, suite)})`)
    await provideBaseImage(settings, repository, suite, signal)
  }
}

export async function hasBaseImages(settings: LabSettings): Promise<boolean> {
  const repository = { address: registryAddress(settings), name: 'library/debian' }
  const found = await Promise.all(suites.map((suite) => hasManifest(repository, keyTag(suite))))
  return found.every(Boolean)
}

// To be raised when an image changes for another reason than its arguments.
const revision = 2

/** A second tag that says how the image was made. */
function keyTag(suite: Suite, foreign?: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([debianArguments(suite, foreign), epochSeconds, revision]))
    .digest('hex')
  return `${suite}-slim-lab-${hash.slice(0, 12)}`
}

/** The same images for an architecture that is emulated, beside the machine's own under the same tags. */
export async function provideForeignImages(
  settings: LabSettings,
  foreign: string,
  say: Say,
  signal: AbortSignal,
) {
  const repository = { address: registryAddress(settings), name: 'library/debian' }
  for (const suite of suites) {
    if (await hasManifest(repository, keyTag(suite, foreign))) continue
    await installMmdebstrap(settings, say, signal)
    say(`building debian:${suite}-slim for ${foreign} (log: ${logFile(settings, suite)})`)
    const image = await builtImage(settings, { repository, suite, foreign }, signal)
    const { manifests } = await readIndex(repository, keyTag(suite))
    await pushIndex(repository, [...manifests, image], [`${suite}-slim`, keyTag(suite, foreign)])
  }
}

interface WantedImage {
  repository: Repository
  suite: Suite
  foreign?: string
}

async function provideBaseImage(
  settings: LabSettings,
  repository: Repository,
  suite: Suite,
  signal: AbortSignal,
) {
  const image = await builtImage(settings, { repository, suite }, signal)
  await pushIndex(repository, [image], [`${suite}-slim`, keyTag(suite)])
}

type PlatformImage = Descriptor & { platform: { architecture: string; os: string } }

async function builtImage(
  settings: LabSettings,
  { repository, suite, foreign }: WantedImage,
  signal: AbortSignal,
): Promise<PlatformImage> {
  const work = join(settings.dir, 'tmp', `${suite}-${process.pid}`)
  const tarFile = join(work, 'rootfs.tar')
  const gzipFile = join(work, 'rootfs.tar.gz')
  await mkdir(work, { recursive: true })
  const env = { SOURCE_DATE_EPOCH: String(epochSeconds) }
  const wanted = [...debianArguments(suite, foreign), tarFile]
  await runMmdebstrap(wanted, work, logFile(settings, suite), { env, signal })
  const { diffId, ...layer } = await compressLayer(tarFile, gzipFile)
  await pushFile(repository, layer, gzipFile)
  const architecture = foreign ?? native
  const content = imageConfig(suite, architecture, diffId)
  const config = await pushJson(repository, 'application/vnd.oci.image.config.v1+json', content)
  const manifest = await pushManifest(repository, manifestType, {
    schemaVersion: 2,
    mediaType: manifestType,
    config,
    layers: [layer],
  })
  await rm(work, { recursive: true })
  return { ...manifest, platform: { architecture, os: 'linux' } }
}

/** An index with one platform, as on Docker Hub, so that a tag is resolved in the same two steps. */
async function pushIndex(repository: Repository, manifests: readonly Descriptor[], tags: readonly string[]) {
  await pushManifest(repository, indexType, { schemaVersion: 2, mediaType: indexType, manifests }, tags)
}

async function readIndex(repository: Repository, tag: string): Promise<{ manifests: Descriptor[] }> {
  const answer = await fetch(`http://${repository.address}/v2/${repository.name}/manifests/${tag}`, {
    headers: { accept: indexType },
  })
  // It was pushed by pushIndex.
  return (await answer.json()) as { manifests: Descriptor[] }
}

function imageConfig(suite: Suite, architecture: string, diffId: string) {
  const created = new Date(epochSeconds * 1000).toISOString().replace('.000', '')
  return {
    architecture,
    os: 'linux',
    created,
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['bash'] },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created, created_by: `mmdebstrap --variant=minbase ${suite}` }],
  }
}
