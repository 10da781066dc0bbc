import type { Container } from '@dagger.io/dagger'
import { type DebianLock, type FactoryLock, type HelperName, helperNames } from '../../recipes/lock.ts'
import type { Client } from '../process/session.ts'
import { imageFrom, installDebian, parsePrintedUris, pinImage, pinnedReference } from './debian.ts'

/** All helpers stand on it. */
const base = 'debian:bookworm-slim'

/** What each helper is given. */
const packages = {
  /** zstd writes every layer, with the tar of the base; scanelf reads what the loader reads. */
  packer: ['zstd', 'pax-utils'],
  /** Boots images. */
  harness: ['runc', 'socat', 'iproute2', 'procps'],
  /** Compares two trees. `chroot` of busybox is static: variables of the loader do not reach it. */
  comparer: ['busybox-static', 'pax-utils', 'xxhash'],
  /** Takes programs that a build runs out of their wheels. */
  installer: ['python3-pip'],
} satisfies Record<HelperName, string[]>

/** What llama-quantize, and llama-imatrix beside it, come out of: llama.cpp is not in the release of the helpers. */
export const quantizerSource = {
  base: 'debian:forky-slim',
  packages: ['llama.cpp-tools', 'llama.cpp-tools-extra'],
}

/**
 * Helpers whose programs need no more than the base. pax-utils depends on Python for scripts that are not used here, and
 * every update of Python would be another plan.
 */
const alone: readonly HelperName[] = ['packer', 'comparer']

function question(name: HelperName): string {
  const command = alone.includes(name) ? 'download' : 'install -y --no-install-recommends'
  const words = `--print-uris -o Acquire::ForceHash=sha256 -qq ${packages[name].join(' ')}`
  return `echo "helper ${name}"; apt-get ${command} ${words}`
}

/** Pins all helpers as the base's own package manager would install them now. `now` makes the question new for the engine. */
export async function resolveFactory(client: Client, platform: string, now: string): Promise<FactoryLock> {
  const pinned = await pinImage(client, base, platform)
  const listing = await imageFrom(client, pinnedReference(pinned), platform)
    .withEnvVariable('INGOT_ASKED_AT', now)
    .withExec(['sh', '-ceu', ['apt-get update -qq >&2', ...helperNames.map(question)].join('\n')])
    .stdout()
  return { base: pinned, ...parseHelpers(listing) }
}

/** Package files by helper, out of one listing in which a line `helper NAME` comes before those of each. */
export function parseHelpers(listing: string): Record<HelperName, DebianLock['packages']> {
  const parts = new Map(
    listing
      .split(/^helper /m)
      .slice(1)
      .map((part) => [part.slice(0, part.indexOf('\n')), parsePrintedUris(part)]),
  )
  const of = (name: HelperName) => parts.get(name) ?? []
  return {
    packer: of('packer'),
    harness: of('harness'),
    comparer: of('comparer'),
    installer: of('installer'),
  }
}

/**
 * The container of a helper, from exactly what its lock pins. Without one, as in locks of ingot 0.1, it is what base and
 * archive have when it is made. Throws `drifted` where a pinned version left the archive.
 */
export async function helperOf(
  client: Client,
  name: HelperName,
  platform: string,
  lock: DebianLock | undefined,
): Promise<Container> {
  if (lock !== undefined)
    return installDebian(client, lock, platform, { whose: `of the ${name}`, alone: alone.includes(name) })
  return imageFrom(client, base, platform)
    .withEnvVariable('DEBIAN_FRONTEND', 'noninteractive')
    .withExec([
      'sh',
      '-ceu',
      `apt-get update -qq; apt-get install -y -qq --no-install-recommends ${packages[name].join(' ')} >/dev/null`,
    ])
}
