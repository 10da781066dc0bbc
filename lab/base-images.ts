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
const architecture = architectures[process.arch] ?? process.arch

/** What the official slim images leave out as well; packages installed later obey it too. */
const slimOptions = ['doc', 'man', 'locale', 'info', 'lintian'].map(
  (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
)

/** mmdebstrap's arguments for one base image, without the file it writes. */
export function debianArguments(suite: Suite): string[] {
  return [
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
function keyTag(suite: Suite): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([debianArguments(suite), epochSeconds, revision]))
    .digest('hex')
  return `${suite}-slim-lab-${hash.slice(0, 12)}`
}

async function provideBaseImage(
  settings: LabSettings,
  repository: Repository,
  suite: Suite,
  signal: AbortSignal,
) {
  const work = join(settings.dir, 'tmp', `${suite}-${process.pid}`)
  const tarFile = join(work, 'rootfs.tar')
  const gzipFile = join(work, 'rootfs.tar.gz')
  await mkdir(work, { recursive: true })
  const env = { SOURCE_DATE_EPOCH: String(epochSeconds) }
  await runMmdebstrap([...debianArguments(suite), tarFile], work, logFile(settings, suite), { env, signal })
  const layer = await compressLayer(tarFile, gzipFile)
  await pushFile(repository, layer, gzipFile)
  await pushImage(repository, suite, layer)
  await rm(work, { recursive: true })
}

/** An index with one platform, as on Docker Hub, so that a tag is resolved in the same two steps. */
async function pushImage(repository: Repository, suite: Suite, layer: Descriptor & { diffId: string }) {
  const { diffId, ...layerDescriptor } = layer
  const config = await pushJson(
    repository,
    'application/vnd.oci.image.config.v1+json',
    imageConfig(suite, diffId),
  )
  const manifest = await pushManifest(repository, manifestType, {
    schemaVersion: 2,
    mediaType: manifestType,
    config,
    layers: [layerDescriptor],
  })
  const platform = { architecture, os: 'linux' }
  const index = { schemaVersion: 2, mediaType: indexType, manifests: [{ ...manifest, platform }] }
  await pushManifest(repository, indexType, index, [`${suite}-slim`, keyTag(suite)])
}

function imageConfig(suite: Suite, diffId: string) {
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
