import { posix } from 'node:path'
import type { PythonSource } from '../../images/engines/engine.ts'
import type { PackageLink } from '../../images/engines/engine-facts.ts'
import type { PythonPackage } from '../../recipes/lock.ts'
import { StageError } from '../error.ts'
import type { Client } from '../process/session.ts'
import { anyExit } from './debian.ts'
import type { InstallContainer } from './index-mirror.ts'
import { environmentOwnersScript } from './owners.ts'
import { type WheelPlace, type WheelProgram, wheelProgram } from './wheel-program.ts'

/** The installer. */
export const uv: WheelProgram = {
  distribution: 'uv',
  version: '0.13.9',
  hashes: [
    'd7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19',
    'ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375',
  ],
  path: 'bin/uv',
}

/** An environment of Python and what is in it. */
export interface WheelEnvironment extends Pick<PythonSource, 'interpreter' | 'folder' | 'aliases' | 'links'> {
  distributions: readonly PythonPackage[]
}

/** Exactly these wheels, each checked against its hash, in an environment without installer, with bytecode. */
export async function installWheels(
  client: Client,
  system: InstallContainer,
  environment: WheelEnvironment,
  place: WheelPlace,
): Promise<InstallContainer> {
  const installed = place
    .mirror(await withUv(client, system, place))
    .withNewFile('/tmp/ingot/requirements', hashedRequirements(environment.distributions))
    .withNewFile('/tmp/ingot/owners.sh', environmentOwnersScript)
    .withExec(['sh', '-c', installScript(environment)], { expect: anyExit })
  if ((await installed.exitCode()) !== 0) throw notInstalled(environment, await installed.stderr())
  return installed.withoutMount('/ingot-uv')
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

/** The installer beside a container's files, at /ingot-uv. */
export async function withUv(
  client: Client,
  container: InstallContainer,
  place: WheelPlace,
): Promise<InstallContainer> {
  return container.withMountedFile('/ingot-uv', await wheelProgram(client, uv, place))
}

/** uv trusts its own list of authorities; a network that signs for itself has put its own into the system's. */
export const systemTrust =
  'for file in /etc/ssl/certs/ca-certificates.crt; do [ ! -e "$file" ] || export SSL_CERT_FILE="$file"; done'

/** The temporary cache lies on the file system of the environment, so that files are linked and no byte is copied. */
function installScript({ interpreter, folder, aliases, links }: WheelEnvironment): string {
  return `
set -eu
cd /tmp/ingot
${systemTrust}
export TMPDIR=/opt/ingot-tmp UV_NO_CONFIG=1
mkdir -p $TMPDIR
/ingot-uv venv --quiet --no-cache --relocatable --python ${interpreter} ${folder}
/ingot-uv pip install --quiet --no-cache --no-deps --require-hashes --only-binary :all: \\
  --python ${folder}/bin/python --requirements requirements
rm -rf $TMPDIR
packages=$(${folder}/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
${aliases.map(aliasCommand).join('\n')}
${links.map(linkCommand).join('\n')}
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

/** A wheel holds no links. */
function linkCommand({ at, to }: PackageLink): string {
  const [link, target] = [at, posix.join(posix.dirname(at), to)].map((path) => `"$packages"/${path}`)
  return `if [ -e ${target} ] && [ ! -e ${link} ]; then ln -s ${to} ${link}; fi`
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

function notInstalled({ folder, distributions }: WheelEnvironment, said: string): StageError {
  return new StageError('drifted', {
    attempted: `install ${distributions.length} locked distributions in ${folder}`,
    found: said.trim().split('\n').slice(-20).join('\n  '),
    hint: 'run `ingot lock --all RECIPE` where a version is gone; a wrong hash means a published file was changed: do not trust it',
  })
}
