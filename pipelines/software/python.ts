import type { Client, Container } from '@dagger.io/dagger'
import semver from 'semver'
import { z } from 'zod'
import type { DebianSource, PythonSource } from '../../images/engines/engine.ts'
import { optional } from '../../lib/optional.ts'
import type { DebianLock, LockedRuntime, PinnedImage, PythonPackage } from '../../recipes/lock.ts'
import { StageError } from '../error.ts'
import { anyExit, installDebian, resolveDebian } from './debian.ts'
import type { WheelPlace } from './wheel-program.ts'
import { installWheels, systemTrust, uv, withUv } from './wheels.ts'

type PythonLock = Extract<LockedRuntime, { type: 'python' }>

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
  const { platform, now } = place
  const { base: reference, packages: asked, own = [] } = source
  const {
    type: _,
    present,
    ...system
  } = await resolveDebian(
    client,
    { base: reference, packages: asked, own, ...optional('pinned', place.pinned) },
    platform,
    now,
  )
  const { interpreter, overrides, requirements = [] } = source
  const ofEngine = [requirementFor(source.distribution, range), ...source.toolkit]
  const wheels = await resolveWheels(
    client,
    system,
    { interpreter, overrides, requirements, ofEngine },
    place,
  )
  // Before recipes could ask for packages a lock did not say it.
  return { type: 'python', ...system, ...(own.length === 0 ? {} : optional('present', present)), ...wheels }
}

/**
 * The same for an engine without Python: its packages, and the wheels of the recipe for the interpreter that they bring.
 */
export async function resolveWithWheels(
  client: Client,
  source: DebianSource,
  place: WheelPlace & { now: string; pinned?: PinnedImage },
): Promise<DebianLock> {
  const asked = { ...source, ...optional('pinned', place.pinned) }
  const locked = await resolveDebian(client, asked, place.platform, place.now)
  if (source.environment === undefined) return locked
  const { interpreter, requirements } = source.environment
  const environment = await resolveWheels(client, locked, { interpreter, overrides: [], requirements }, place)
  return { ...locked, environment }
}

interface WheelQuestion {
  interpreter: string
  overrides: readonly string[]
  /** Those of the recipe. */
  requirements: readonly string[]
  /** The engine itself, where it is a wheel, and what it compiles with. */
  ofEngine?: readonly string[]
}

/** All requirements in one resolution, so that two of them never fight in the image. */
async function resolveWheels(
  client: Client,
  { base, packages }: Pick<DebianLock, 'base' | 'packages'>,
  question: WheelQuestion,
  place: WheelPlace & { now: string },
): Promise<NonNullable<DebianLock['environment']>> {
  const { interpreter, overrides, requirements, ofEngine = [] } = question
  const system = await installDebian(client, { type: 'debian', base, packages }, place.platform)
  const lines = (items: readonly string[]) => items.map((line) => `${line}\n`).join('')
  const wanted = [...ofEngine, ...requirements]
  const asked = place
    .mirror(await withUv(client, system, place))
    .withNewFile('/tmp/ingot/requirements.in', lines(wanted))
    .withNewFile('/tmp/ingot/overrides.in', lines(overrides))
    .withEnvVariable('INGOT_ASKED_AT', place.now)
    .withExec(['sh', '-c', resolveScript(interpreter)], { expect: anyExit })
  if ((await asked.exitCode()) !== 0) throw unresolvable(base.reference, question, await asked.stderr())
  const [python = '', ...listing] = (await asked.stdout()).split('\n')
  return { python, uv: uv.version, distributions: parsePylock(JSON.parse(listing.join('\n'))) }
}

/** Exactly the locked wheels, each checked against its locked hash, in an environment without installer, with bytecode. */
export async function installPython(
  client: Client,
  source: PythonSource,
  lock: PythonLock,
  place: WheelPlace,
): Promise<Container> {
  const { base, packages, distributions } = lock
  const system = await installDebian(client, { type: 'debian', base, packages }, place.platform)
  return installWheels(client, system, { ...source, distributions }, place)
}

/** The locked packages of an engine without Python, and the wheels that its recipe adds. */
export async function installWithWheels(
  client: Client,
  { environment: own }: DebianSource,
  lock: DebianLock,
  place: WheelPlace,
): Promise<Container> {
  const system = await installDebian(client, lock, place.platform)
  if (own === undefined || lock.environment === undefined) return system
  const { distributions } = lock.environment
  return installWheels(client, system, { ...own, aliases: [], links: [], distributions }, place)
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

function resolveScript(interpreter: string): string {
  return `
set -eu
cd /tmp/ingot
${systemTrust}
/ingot-uv pip compile requirements.in --override overrides.in --python ${interpreter} --only-binary :all: \\
  --no-cache --no-header --quiet --format pylock.toml --output-file /tmp/ingot/pylock.toml >&2
${interpreter} -c 'import json, platform, tomllib
print(platform.python_version())
print(json.dumps(tomllib.load(open("/tmp/ingot/pylock.toml", "rb")), default=str))'
`
}

function alternatives(range: string): StageError {
  return new StageError('usage', {
    attempted: `ask the Python package index for "${range}"`,
    found: 'the range has alternatives, which the index cannot be asked for',
    hint: 'write engine.version as one range, such as ">=0.28 <0.34"',
  })
}

/** uv names the packages that cannot stand together, and why. */
function unresolvable(
  base: string,
  { ofEngine = [], requirements }: WheelQuestion,
  said: string,
): StageError {
  const added = requirements.length === 0 ? '' : `image.packages.python (${requirements.join(', ')})`
  const wanted = [ofEngine.join(', '), added].filter((words) => words !== '').join(' together with ')
  return new StageError('engine-failed', {
    attempted: `resolve ${wanted} for the Python of ${base}`,
    found: said.trim().split('\n').slice(-20).join('\n  '),
    hint:
      added === ''
        ? 'narrow or widen engine.version, or check that the engine reaches the package index'
        : 'change the requirement of image.packages.python that is named above, or engine.version; only wheels are taken, so a package without one for this Python counts as absent',
  })
}
