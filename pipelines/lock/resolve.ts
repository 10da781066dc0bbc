import { lockFit } from '../../images/plan/lock-fit.ts'
import { lockRequestOf } from '../../images/plan/lock-request.ts'
import { modelcarSource } from '../../images/plan/modelcar.ts'
import { IngotError } from '../../lib/error.ts'
import { optional } from '../../lib/optional.ts'
import type { DebianLock, FactoryLock, Lock } from '../../recipes/lock.ts'
import { type LockRequest, lockOriginOf } from '../../recipes/lock-origin.ts'
import { type LockRenewal, lockRenewal } from '../../recipes/lock-renewal.ts'
import { StageError } from '../error.ts'
import { daggerSecrets } from '../process/secrets.ts'
import type { Client } from '../process/session.ts'
import { together } from '../process/together.ts'
import type { Settings } from '../settings/settings.ts'
import { resolveDebian } from '../software/debian.ts'
import { resolveFactory } from '../software/factory.ts'
import type { SourceContext, SourceSettings } from '../weights/source.ts'
import { readableLock } from './lock-file.ts'
import { lockModel } from './model.ts'
import { lockParts } from './parts.ts'
import { lockQuantized } from './quantized.ts'
import type { LoadedRecipe } from './recipe-files.ts'
import { lockRuntime } from './runtime.ts'

export interface ResolveContext {
  settings: SourceSettings & Pick<Settings, 'storeFolder'>
  signal: AbortSignal
  /** Opens the engine. Only base images, packages and some secrets need it. */
  engine(): Promise<Client>
  /** An earlier lock of the recipe, of which stays pinned what the recipe still asks for. */
  kept?: Lock | undefined
  /** What of the earlier lock is resolved again. Default: what the recipe says otherwise. */
  renewal?: LockRenewal
  /** Told what was taken in place of what could not be asked for. */
  note?: (text: string) => void
}

/**
 * Resolves a recipe against the world as it is now: base, packages and weights, all pinned. No weight byte moves, except of
 * a folder, which is hashed. When one part fails, the others stop. The lock is one that its reader takes.
 */
export async function resolveLock(loaded: LoadedRecipe, resolving: ResolveContext): Promise<Lock> {
  const { recipe, folder } = loaded
  const { kept, settings } = resolving
  const request = lockRequestOf(recipe)
  const renewal = resolving.renewal ?? lockRenewal(kept, kept === undefined ? [] : lockFit(recipe, kept))
  let opening: Promise<Client> | undefined
  const engine = () => {
    opening ??= openEngine(loaded, resolving)
    return opening
  }
  const context = { recipeFolder: folder, settings, resolveSecret: daggerSecrets(resolving.engine) }
  const [files, [resolved, modelcar, factory]] = await together(
    [
      (signal) =>
        lockFiles(loaded, { request, renewal, kept }, { resolving, context: { ...context, signal } }),
      async () => {
        const factory = lockFactory(loaded, renewsFactory(renewal) ? undefined : kept, engine)
        const { signal, note = () => undefined } = resolving
        return Promise.all([
          lockRuntime(loaded, { settings, signal, engine, factory, kept, renewal, note }),
          lockModelcar(loaded, renewal.modelcar ? undefined : kept, engine),
          factory,
        ])
      },
    ],
    resolving.signal,
  )
  const lock: Lock = {
    lockVersion: 1,
    recipe: recipe.name,
    madeFrom: lockOriginOf(recipe, request),
    engine: { id: recipe.engine.id, version: resolved.version },
    runtime: resolved.runtime,
    ...optional('modelcar', modelcar),
    ...optional('factory', factory),
    ...besideRecipe(loaded),
    ...files,
  }
  return readableLock(loaded.lockFile, lock)
}

/** Small files that a recipe names, which a lock holds whole. */
function besideRecipe(loaded: LoadedRecipe): Pick<Lock, 'trust' | 'settingFiles' | 'ownFiles'> {
  const { trust = [], settingFiles = {}, ownFiles = [] } = loaded
  return {
    ...(ownFiles.length === 0 ? {} : { ownFiles }),
    ...(trust.length === 0 ? {} : { trust }),
    ...(Object.keys(settingFiles).length === 0 ? {} : { settingFiles }),
  }
}

interface FilesQuestion {
  request: LockRequest
  renewal: LockRenewal
  kept: Lock | undefined
}

/** The model and what lies beside it. When one fails, the others stop. */
async function lockFiles(
  loaded: LoadedRecipe,
  asked: FilesQuestion,
  { resolving, context }: { resolving: ResolveContext; context: SourceContext },
): Promise<Pick<Lock, 'weights' | 'model' | 'gguf' | 'parts'>> {
  const { engine, weights, parts } = loaded.recipe
  const ofEngine = { ...asked, engine: engine.id }
  const ofModel = { ...ofEngine, source: weights.source }
  const lockOwn = (own: SourceContext) =>
    weights.quantize === undefined
      ? lockModel(ofModel, own)
      : lockQuantized(loaded, ofModel, { ...resolving, source: own })
  const [model, beside] = await together(
    [
      (signal) => lockOwn({ ...context, signal }),
      (signal) => lockParts({ ...ofEngine, parts }, { ...context, signal }),
    ],
    context.signal,
  )
  return { ...model, ...beside }
}

/** The engine, or in words which half of a lock it is missing for. */
async function openEngine({ file, recipe }: LoadedRecipe, { engine }: ResolveContext): Promise<Client> {
  try {
    return await engine()
  } catch (cause) {
    if (!(cause instanceof IngotError) || cause.code !== 'no-engine') throw cause
    const { attempted, found, hint } = cause.failure
    const { base } = lockRequestOf(recipe).runtime
    throw new StageError('no-engine', {
      attempted: `lock the runtime half of ${file}: ${base} and its packages; the weights half needs no engine`,
      found: `could not ${attempted}: ${found}`,
      hint,
      cause,
    })
  }
}

/** An engine that is renewed on its base leaves the factory as it is. */
function renewsFactory({ runtime, keeps }: LockRenewal): boolean {
  return runtime && keeps !== 'base'
}

/** Helper containers stay as they are with the runtime that they were resolved beside, unpinned ones too. */
async function lockFactory(
  { recipe }: LoadedRecipe,
  kept: Lock | undefined,
  engine: () => Promise<Client>,
): Promise<FactoryLock | undefined> {
  if (kept !== undefined) return kept.factory
  return resolveFactory(await engine(), recipe.image.platform, new Date().toISOString())
}

async function lockModelcar(
  { recipe }: LoadedRecipe,
  kept: Lock | undefined,
  engine: () => Promise<Client>,
): Promise<DebianLock | undefined> {
  if (!recipe.weights.modelcar) return undefined
  const { platform } = recipe.image
  return kept?.modelcar ?? resolveDebian(await engine(), modelcarSource, platform, new Date().toISOString())
}
