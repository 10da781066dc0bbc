import type { Client, Container, Platform, ReturnType } from '@dagger.io/dagger'
import type { DebianSource } from '../../images/engines/engine.ts'
import { hexOf, parseDigest } from '../../lib/digest.ts'
import type { DebianPackage } from '../../recipes/debian-packages.ts'
import type { DebianLock, PinnedImage } from '../../recipes/lock.ts'
import { StageError } from '../error.ts'

/**
 * For commands whose failure is read from their exit code. The SDK's own enum has this value; importing it would load the
 * whole SDK, half a second, into commands that never open an engine.
 */
export const anyExit = 'ANY' as ReturnType.Any

/** Pins a base image: its digest now, whatever its tag says later. */
export async function pinImage(client: Client, reference: string, platform: string): Promise<PinnedImage> {
  const pinned = await imageFrom(client, reference, platform).imageRef()
  return { reference, digest: parseDigest(pinned.slice(pinned.indexOf('@') + 1)) }
}

export function imageFrom(client: Client, reference: string, platform: string): Container {
  // Dagger's Platform is a branded string without a constructor.
  return client.container({ platform: platform as Platform }).from(reference)
}

export function pinnedReference({ reference, digest }: PinnedImage): string {
  return reference.includes('@') ? reference : `${reference}@${digest}`
}

/** Packages of a base's archive; `pinned` is the base where its digest is to stay. */
export interface DebianQuestion extends Pick<DebianSource, 'base' | 'packages' | 'own'> {
  pinned?: PinnedImage
}

/**
 * Asks the base's own package manager what installing `source.packages` would fetch. Nothing is installed.
 * `now` makes the question new for the engine, which otherwise answers from its cache.
 */
export async function resolveDebian(
  client: Client,
  source: DebianQuestion,
  platform: string,
  now: string,
): Promise<DebianLock> {
  const base = source.pinned ?? (await pinImage(client, source.base, platform))
  const asking = imageFrom(client, pinnedReference(base), platform)
    .withEnvVariable('INGOT_ASKED_AT', now)
    .withExec(['sh', '-ceu', 'apt-get update -qq >&2'])
  const { own = [] } = source
  const packages = await fetchedFor(asking, source, [...source.packages, ...own])
  const added = new Set(packages.map(({ name }) => name))
  const asked = [...source.packages, ...own.map((name) => name.replace(/=.*$/, ''))]
  const present = [...new Set(asked)].filter((name) => !added.has(name))
  const beside = own.length === 0 ? packages : await fetchedFor(asking, source, source.packages)
  const ofEngine = new Set(beside.map(({ name }) => name))
  return {
    type: 'debian',
    base,
    packages,
    ...(present.length === 0 ? {} : { present }),
    ...(own.length === 0 ? {} : { own: [...added].filter((name) => !ofEngine.has(name)) }),
  }
}

/** What apt would fetch for packages; nothing is fetched. Throws `engine-failed` with apt's words. */
async function fetchedFor(
  asking: Container,
  { base, own = [] }: DebianQuestion,
  names: readonly string[],
): Promise<DebianPackage[]> {
  const options = ['--print-uris', '-o', 'Acquire::ForceHash=sha256', '-qq', '-y', '--no-install-recommends']
  const asked = asking.withExec(['apt-get', 'install', ...options, '--', ...names], { expect: anyExit })
  if ((await asked.exitCode()) === 0) return parsePrintedUris(await asked.stdout())
  const said = (await asked.stderr()).trim().split('\n').slice(-12)
  throw new StageError('engine-failed', {
    attempted: `resolve ${names.join(', ')} in the archive of ${base}`,
    found: said.join('\n  '),
    hint:
      own.length === 0
        ? 'check that the base has these packages; image.base names another one'
        : 'mend image.packages.system: the base’s archive says which names and versions it has (`apt-cache policy NAME`)',
  })
}

/** Lines are `'address' name_version_arch.deb size SHA256:hex`; a colon in a version is written `%3a`. */
export function parsePrintedUris(listing: string): DebianPackage[] {
  const packages = listing.split('\n').flatMap((line) => {
    const match = /^'[^']*' (\S+)_(\S+)_([^_\s]+)\.deb (\d+) SHA256:([0-9a-f]{64})/.exec(line)
    if (!match) return []
    const [, name = '', version = '', architecture = '', size = '', sha256 = ''] = match
    return { name, version: decodeURIComponent(version), architecture, sizeBytes: Number(size), sha256 }
  })
  return packages.sort((a, b) => (a.name < b.name ? -1 : 1))
}

export interface PackageUse {
  /** What an error says they are for. */
  whose?: string
  /** Only the packages themselves: they are unpacked and not configured, and what they depend on is not looked for. */
  alone?: boolean
}

/** The base with exactly the locked packages, each checked against its locked sha256 before it is unpacked. Throws `drifted`. */
export async function installDebian(
  client: Client,
  lock: DebianLock,
  platform: string,
  { whose = '', alone = false }: PackageUse = {},
): Promise<Container> {
  const installed = imageFrom(client, pinnedReference(lock.base), platform)
    .withEnvVariable('DEBIAN_FRONTEND', 'noninteractive')
    .withNewFile('/tmp/ingot/packages', installArguments(lock.packages))
    .withNewFile('/tmp/ingot/checksums', checksums(lock.packages))
    .withExec(['sh', '-c', alone ? unpackScript : installScript])
  const code = await installed.file('/tmp/ingot/outcome').contents()
  if (code.trim() === 'done') return installed
  throw driftError(lock, code, whose)
}

/** Failures are told apart by a file, so that a person gets the reason and not the whole log of apt. */
const failFunction = `
fail() { echo "$1" > /tmp/ingot/outcome; tail -n 20 /tmp/ingot/log >> /tmp/ingot/outcome; exit 0; }
cd /tmp/ingot`

/** Without dependencies: the loader says of each program whether the base has its libraries. */
const unpackScript = `${failFunction}
apt-get update -qq > log 2>&1 || fail unreachable
mkdir files
(cd files && apt-get download -qq $(cat ../packages)) > log 2>&1 || fail gone
(cd files && sha256sum --quiet -c ../checksums) > log 2>&1 || fail changed
dpkg --unpack --force-depends files/*.deb > log 2>&1 || fail broken
for file in $(dpkg -L $(sed 's/[:=].*//' packages)); do
  [ ! -f "$file" ] || ldd "$file" 2> /dev/null
done | grep 'not found' > log && fail broken
echo done > outcome
`

const installScript = `${failFunction}
dpkg-query -W -f '\${Package}\\n' > /tmp/ingot/base-packages
apt-get update -qq > log 2>&1 || fail unreachable
apt-get install -y -qq --no-install-recommends --download-only $(cat packages) > log 2>&1 || fail gone
[ ! -s checksums ] || (cd /var/cache/apt/archives && sha256sum --quiet -c /tmp/ingot/checksums) > log 2>&1 || fail changed
apt-get install -y -qq --no-install-recommends $(cat packages) > log 2>&1 || fail broken
: > owners
for list in /var/lib/dpkg/info/*.list; do
  name=\${list##*/}
  sed "s|^|\${name%.list}\t|" "$list" >> owners
done
echo done > outcome
`

function installArguments(packages: readonly DebianPackage[]): string {
  return packages
    .map(
      (item) =>
        `${item.name}:${item.architecture === 'all' ? '' : item.architecture}`.replace(/:$/, '') +
        `=${item.version}\n`,
    )
    .join('')
}

function checksums(packages: readonly DebianPackage[]): string {
  return packages
    .map(
      (item) =>
        `${item.sha256}  ${item.name}_${item.version.replaceAll(':', '%3a')}_${item.architecture}.deb\n`,
    )
    .join('')
}

const outcomes: Record<string, { found: string; hint: string }> = {
  unreachable: {
    found: 'the package lists could not be fetched',
    hint: 'check the network and proxy of the Dagger engine',
  },
  gone: {
    found: 'a locked version is no longer in the archive',
    hint: 'run `ingot lock --all RECIPE` to take the present versions, and review the change',
  },
  changed: {
    found: 'a package file does not have its locked sha256',
    hint: 'the archive changed a published file: do not trust it before you know why',
  },
  broken: {
    found: 'the packages could not be installed',
    hint: 'read the lines above; the base image may lack something',
  },
}

function driftError(lock: DebianLock, outcome: string, whose: string): StageError {
  const [reason = '', ...log] = outcome.trim().split('\n')
  const { found, hint } = outcomes[reason] ?? {
    found: `an unknown outcome "${reason}"`,
    hint: 'report this with the log',
  }
  return new StageError('drifted', {
    attempted: `install ${lock.packages.length} locked packages${whose && ` ${whose}`} on ${lock.base.reference} (${hexOf(lock.base.digest).slice(0, 12)})`,
    found: [found, ...log].join('\n  '),
    hint,
  })
}

/**
 * One more package of the container's own archive, in exactly this version, for a tool that is run there and ships in no image. Its exit
 * code is not 0 where the archive has the version no longer.
 */
export function installBeside(
  container: Container,
  { name, version }: { name: string; version: string },
): Container {
  const script = `apt-get update -qq && apt-get install -y -qq --no-install-recommends '${name}=${version}'`
  return container.withExec(['sh', '-c', script], { expect: anyExit })
}
