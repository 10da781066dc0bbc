import semver from 'semver'
import type {
  DebianSource,
  EngineDefinition,
  RuntimeSource,
  UpstreamSource,
} from '../../images/engines/engine.ts'
import { engineOf } from '../../images/engines/engines.ts'
import { lockRequestOf } from '../../images/plan/lock-request.ts'
import { runtimeSourceOf } from '../../images/plan/plan.ts'
import { optional } from '../../lib/optional.ts'
import type { DebianLock, FactoryLock, Lock, LockedRuntime, PinnedImage } from '../../recipes/lock.ts'
import type { LockRenewal } from '../../recipes/lock-renewal.ts'
import { StageError } from '../error.ts'
import type { Client } from '../process/session.ts'
import { resolveDebian } from '../software/debian.ts'
import { mirrorOf } from '../software/index-mirror.ts'
import { resolvePython, resolveWithWheels } from '../software/python.ts'
import { resolveUpstream } from '../software/upstream.ts'
import type { SourceSettings } from '../weights/source.ts'
import type { LoadedRecipe } from './recipe-files.ts'
import { newestRelease } from './releases.ts'

interface ResolvedRuntime {
  runtime: LockedRuntime
  version: string
}

export interface RuntimeContext {
  settings: SourceSettings
  signal: AbortSignal
  engine(): Promise<Client>
  factory: Promise<FactoryLock | undefined>
  /** The earlier lock, and what of it is resolved again. */
  kept: Lock | undefined
  renewal: LockRenewal
  note(text: string): void
}

/** Base and packages of an image, with the version of the engine in them. Throws `drifted` for one outside of the range. */
export async function lockRuntime(
  { recipe }: LoadedRecipe,
  context: RuntimeContext,
): Promise<ResolvedRuntime> {
  const { kept, renewal } = context
  if (kept !== undefined && !renewal.runtime) return { runtime: kept.runtime, version: kept.engine.version }
  const definition = engineOf(recipe.engine.id)
  const source = runtimeSourceOf(recipe, definition)
  const { hasReleases } = lockRequestOf(recipe)
  const asked = { platform: recipe.image.platform, range: recipe.engine.version, hasReleases }
  const resolved = await resolveRuntime(definition, source, asked, context)
  requireRange(resolved.version, asked.range, definition, source)
  return resolved
}

interface RuntimeQuestion {
  platform: string
  range: string
  hasReleases: boolean
}

async function resolveRuntime(
  engine: EngineDefinition,
  source: RuntimeSource,
  asked: RuntimeQuestion,
  context: RuntimeContext,
): Promise<ResolvedRuntime> {
  const { platform } = asked
  const now = new Date().toISOString()
  const client = await context.engine()
  const held = optional('pinned', pinnedBase(context))
  switch (source.type) {
    case 'upstream': {
      const chosen = { ...source, base: await baseOf(source, asked, context) }
      const { runtime, said } = await resolveUpstream(client, chosen, platform)
      return { runtime, version: versionFrom(said, engine, chosen.base) }
    }
    case 'python': {
      const mirror = await mirrorOf(client, context.settings)
      const place = { platform, mirror, factory: await context.factory, now, ...held }
      const runtime = await resolvePython(client, source, keptRange(context) ?? asked.range, place)
      const found = runtime.distributions.find(({ name }) => name === source.distribution)
      return { runtime, version: versionFrom(found?.version ?? '', engine, source.distribution) }
    }
    case 'debian': {
      const runtime = await resolvePackages(client, source, { ...held, platform, now }, context)
      const found = runtime.packages.find(({ name }) => name === source.versionOf)
      return { runtime, version: versionFrom(found?.version ?? '', engine, source.versionOf) }
    }
  }
}

/** Debian's packages, and wheels beside them where the recipe adds some: they alone need the index and its installer. */
async function resolvePackages(
  client: Client,
  source: DebianSource,
  { platform, now, ...held }: { platform: string; now: string; pinned?: PinnedImage },
  { settings, factory }: RuntimeContext,
): Promise<DebianLock> {
  if (source.environment === undefined) return resolveDebian(client, { ...source, ...held }, platform, now)
  const place = { platform, now, mirror: await mirrorOf(client, settings), factory: await factory }
  return resolveWithWheels(client, source, { ...place, ...held })
}

/** The base of an earlier lock, where its digest is to stay. */
function pinnedBase({ kept, renewal }: RuntimeContext): PinnedImage | undefined {
  return renewal.keeps === 'base' ? kept?.runtime.base : undefined
}

/** The version of an earlier lock as a range, where it is to stay. */
function keptRange({ kept, renewal }: RuntimeContext): string | undefined {
  return renewal.keeps === 'engine' ? kept?.engine.version : undefined
}

/** An official image is engine and base at once: its tag is the one, the digest behind it the other. */
async function baseOf(
  { base }: UpstreamSource,
  { range, hasReleases }: RuntimeQuestion,
  { kept, renewal, ...context }: RuntimeContext,
): Promise<string> {
  if (!hasReleases) return base
  if (renewal.keeps === 'engine' && kept !== undefined) return kept.runtime.base.reference
  return newestRelease(base, { ...context, range })
}

function versionFrom(text: string, engine: EngineDefinition, where: string): string {
  const version = engine.versionOf(text)
  if (version !== null) return version
  throw new StageError('engine-failed', {
    attempted: `read the version of ${engine.title} from ${where}`,
    found: text.trim() === '' ? 'nothing' : text.trim().slice(0, 200),
    hint: 'check that the base image or archive has this package; `image.base` of the recipe names another base',
  })
}

function requireRange(version: string, range: string, engine: EngineDefinition, source: RuntimeSource): void {
  if (semver.satisfies(version, range, { includePrerelease: true })) return
  throw new StageError('drifted', {
    attempted: `lock ${engine.title} ${range}`,
    found: `${source.base} offers ${version}`,
    hint: 'widen engine.version in the recipe, or name a base that has the version you want in image.base',
  })
}
