import type { Client, Container } from '@dagger.io/dagger'
import semver from 'semver'
import { z } from 'zod'
import type { PythonSource } from '../../images/engines/engine.ts'
import { optional } from '../../lib/optional.ts'
import type { LockedRuntime, PinnedImage, PythonPackage } from '../../recipes/lock.ts'
import { StageError } from '../error.ts'
import { anyExit, installDebian, resolveDebian } from './debian.ts'
import { environmentOwnersScript } from './owners.ts'
import { type WheelPlace, type WheelProgram, wheelProgram } from './wheel-program.ts'

type PythonLock = Extract<LockedRuntime, { type: 'python' }>

/** The installer. */
const uv: WheelProgram = {
  distribution: 'uv',
  version: '0.13.9',
  hashes: [
    'd7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19',
    'ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375',
  ],
  path: 'bin/uv',
}

/**
 * Resolves an environment against the index as it is now, with the base's own interpreter: exact versions and the hashes
 * of their wheels. Nothing is downloaded but metadata. `range` is a semver range for `source.distribution`.
 */
export async function resolvePython(
  client: Client,
  source: PythonSource,
  range: string,
  place: WheelPlace & { now: string; pinned?: PinnedImage },
): Promise<PythonLock> {
  const { platform, now, mirror } = place
  const wanted = { base: source.base, packages: source.packages, ...optional('pinned', place.pinned) }
  const { base, packages } = await resolveDebian(client, wanted, platform, now)
  const system = await installDebian(client, { type: 'debian', base, packages }, platform)
  const asked = mirror(await withUv(client, system, place))
    .withNewFile('/tmp/ingot/requirements.in', `${requirementFor(source.distribution, range)}\n`)
    .withNewFile('/tmp/ingot/overrides.in', source.overrides.map((line) => `${line}\n`).join(''))
    .withEnvVariable('INGOT_ASKED_AT', now)
    .withExec(['sh', '-c', resolveScript(source)], { expect: anyExit })
  if ((await asked.exitCode()) !== 0) throw unresolvable(source, range, await asked.stderr())
  const [python = '', ...listing] = (await asked.stdout()).split('\n')
  return {
    type: 'python',
    base,
    packages,
    python,
    uv: uv.version,
    distributions: parsePylock(JSON.parse(listing.join('\n'))),
  }
}

/** Exactly the locked wheels, each checked against its locked hash, in an environment without installer, with bytecode. */
export async function installPython(
  client: Client,
  source: PythonSource,
  lock: PythonLock,
  place: WheelPlace,
): Promise<Container> {
  const { base, packages } = lock
  const system = await installDebian(client, { type: 'debian', base, packages }, place.platform)
  const installed = place
    .mirror(await withUv(client, system, place))
    .withNewFile('/tmp/ingot/requirements', hashedRequirements(lock.distributions))
    .withNewFile('/tmp/ingot/owners.sh', environmentOwnersScript)
    .withExec(['sh', '-c', installScript(source)], { expect: anyExit })
  if ((await installed.exitCode()) !== 0) throw notInstalled(source, lock, await installed.stderr())
  return installed.withoutMount('/ingot-uv')
}

/** `vllm` and `>=0.28 <0.34` are `vllm>=0.28.0,<0.34.0` in PEP 440. Throws `usage` for a range of alternatives. */
export function requirementFor(distribution: string, range: string): string {
  const { set } = new semver.Range(range, { includePrerelease: true })
  const [comparators] = set
  if (set.length !== 1 || comparators === undefined) throw alternatives(range)
  const limits = comparators
    .filter(({ semver: version }) => version instanceof semver.SemVer && version.version !== undefined)
    .map(({ operator, semver: version }) => `${operator === '' ? '==' : operator}${plainVersion(version)}`)
    .filter((limit) => limit !== '>=0.0.0')
  return `${distribution}${limits.join(',')}`
}

/** semver writes `<0.34.0-0` for an end that prereleases are below as well. */
function plainVersion({ major, minor, patch }: semver.SemVer): string {
  return `${major}.${minor}.${patch}`
}

/** One line a distribution with every wheel that the interpreter may take; uv installs the best of them. */
export function hashedRequirements(distributions: readonly PythonPackage[]): string {
  return distributions
    .map(({ name, version, wheels }) =>
      [`${name}==${version}`, ...wheels.map((wheel) => `--hash=sha256:${wheel.sha256}`)].join(' '),
    )
    .map((line) => `${line}\n`)
    .join('')
}

const pylock = z.object({
  packages: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      wheels: z
        .array(z.object({ url: z.string(), size: z.number(), hashes: z.object({ sha256: z.string() }) }))
        .min(1),
    }),
  ),
})

/** Reads PEP 751's lock as JSON. Addresses are dropped: they are those of whatever mirror answered. */
export function parsePylock(value: unknown): PythonPackage[] {
  return pylock
    .parse(value)
    .packages.map(({ name, version, wheels }) => ({
      name,
      version,
      wheels: wheels
        .map(({ url, size, hashes }) => ({
          filename: decodeURIComponent(url.slice(url.lastIndexOf('/') + 1)),
          sizeBytes: size,
          sha256: hashes.sha256,
        }))
        .sort((a, b) => (a.filename < b.filename ? -1 : 1)),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function withUv(client: Client, container: Container, place: WheelPlace): Promise<Container> {
  return container.withMountedFile('/ingot-uv', await wheelProgram(client, uv, place))
}

/** uv trusts its own list of authorities; a network that signs for itself has put its own into the system's. */
const trust =
  'for file in /etc/ssl/certs/ca-certificates.crt; do [ ! -e "$file" ] || export SSL_CERT_FILE="$file"; done'

function resolveScript({ interpreter }: PythonSource): string {
  return `
set -eu
cd /tmp/ingot
${trust}
/ingot-uv pip compile requirements.in --override overrides.in --python ${interpreter} --only-binary :all: \\
  --no-cache --no-header --quiet --format pylock.toml --output-file /tmp/ingot/pylock.toml >&2
${interpreter} -c 'import json, platform, tomllib
print(platform.python_version())
print(json.dumps(tomllib.load(open("/tmp/ingot/pylock.toml", "rb")), default=str))'
`
}

/** The temporary cache lies on the file system of the environment, so that files are linked and no byte is copied. */
function installScript({ interpreter, folder, aliases }: PythonSource): string {
  return `
set -eu
cd /tmp/ingot
${trust}
export TMPDIR=/opt/ingot-tmp UV_NO_CONFIG=1
mkdir -p $TMPDIR
/ingot-uv venv --quiet --no-cache --relocatable --python ${interpreter} ${folder}
/ingot-uv pip install --quiet --no-cache --no-deps --require-hashes --only-binary :all: \\
  --python ${folder}/bin/python --requirements requirements
rm -rf $TMPDIR
packages=$(${folder}/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
${aliases.map(aliasCommand).join('\n')}
rm -rf "$packages"/_virtualenv.* ${folder}/.lock ${folder}/.gitignore ${folder}/CACHEDIR.TAG ${folder}/bin/activate*
find ${folder} -depth -name __pycache__ -exec rm -rf {} +
find ${folder} -name uv_cache.json -o -name REQUESTED | xargs -r rm -f
${compileCommands(interpreter)}
chmod -R a+rX ${folder}
sh owners.sh "$packages" >> owners
`
}

/**
 * Bytecode, since the image is read-only and start-up without takes twice as long (docs/slimming.md). One fresh process for
 * each package, with its files in order and hashes that do not vary, because what an interpreter has compiled before shows
 * in its references. The time of a source is not looked at: in a layer it is another one. A file that is no Python of this
 * version, such as a template, is left without.
 */
function compileCommands(interpreter: string): string {
  const compile = `${interpreter} -m compileall -qq -f --invalidation-mode unchecked-hash`
  return `
export PYTHONHASHSEED=0
library=$(${interpreter} -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
find "$packages" "$library" -mindepth 1 -maxdepth 1 \\( -type d -o -name '*.py' \\) -print0 | sort -z |
  xargs -0 -n 1 -P "$(nproc)" sh -c '${compile} "$1" > /dev/null 2>&1 || true' compile
`
}

/** A second record of an installed distribution; it owns no files, so that every byte has one cause. */
function aliasCommand({ distribution, alsoAs, versionSuffix }: PythonSource['aliases'][number]): string {
  const stem = distribution.replaceAll('-', '_')
  return `for found in "$packages"/${stem}-*.dist-info; do
  version=\${found##*/${stem}-}
  alias="$packages/${alsoAs}-\${version%.dist-info}${versionSuffix}.dist-info"
  cp -r "$found" "$alias"
  rm "$alias/RECORD"
  sed -i 's/^Name: .*/Name: ${alsoAs}/; s/^Version: .*/&${versionSuffix}/' "$alias/METADATA"
done`
}

function alternatives(range: string): StageError {
  return new StageError('usage', {
    attempted: `ask the Python package index for "${range}"`,
    found: 'the range has alternatives, which the index cannot be asked for',
    hint: 'write engine.version as one range, such as ">=0.28 <0.34"',
  })
}

function unresolvable({ distribution, base }: PythonSource, range: string, said: string): StageError {
  return new StageError('engine-failed', {
    attempted: `resolve ${distribution} ${range} for the Python of ${base}`,
    found: said.trim().split('\n').slice(-20).join('\n  '),
    hint: 'narrow or widen engine.version, or check that the engine reaches the package index',
  })
}

function notInstalled({ distribution }: PythonSource, lock: PythonLock, said: string): StageError {
  return new StageError('drifted', {
    attempted: `install ${lock.distributions.length} locked distributions for ${distribution}`,
    found: said.trim().split('\n').slice(-20).join('\n  '),
    hint: 'run `ingot lock --all RECIPE` where a version is gone; a wrong hash means a published file was changed: do not trust it',
  })
}
