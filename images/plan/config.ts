import type { Lock } from '../../recipes/lock.ts'
import { wholeWeights } from '../../recipes/pinned-parts.ts'
import type { WeightFile } from '../../recipes/weights.ts'
import type { Deployment, EngineDefinition } from '../engines/engine.ts'
import { ownEnvironment } from '../engines/own-runtime.ts'
import { imageVariables } from '../engines/reserved-variables.ts'
import type { MemoryPlan } from '../memory/result.ts'
import { labelNames } from '../oci/label-names.ts'
import type { RuntimeConfig } from '../oci/oci.ts'
import { userId } from '../tree/settings.ts'
import { guardedEntrypoint, mountLabels } from '../weights/mount-guard.ts'
import { cacheCommand } from './compile-cache.ts'
import { memoryLabels } from './memory.ts'
import { commandOf, workingFolderOf } from './own-command.ts'
import { trustVariables } from './trust.ts'

/** The configuration of an image before its guards: command, environment, labels. */
export function runtimeConfig(
  deployment: Deployment,
  engine: EngineDefinition,
  lock: Lock,
  memory: MemoryPlan | null,
): RuntimeConfig {
  const [program = '', ...parameters] = commandOf(deployment)
  return {
    User: userId,
    ExposedPorts: { [`${deployment.port}/tcp`]: {} },
    Env: environmentOf(deployment, engine, lock),
    Entrypoint: [...cacheCommand(deployment), program, ...parameters],
    WorkingDir: workingFolderOf(deployment.recipe.image),
    Labels: labelsOf(deployment, engine, lock, memory),
    StopSignal: engine.behaviour(deployment).stop.signal,
  }
}

/** An image without weights checks its mount before it becomes the server, and says in labels what it waits for. */
export function guarded(
  config: RuntimeConfig,
  expected: readonly WeightFile[],
  modelFolder: string,
): RuntimeConfig {
  return {
    ...config,
    Entrypoint: guardedEntrypoint(config.Entrypoint ?? []),
    Labels: { ...config.Labels, ...mountLabels(expected, modelFolder) },
    Volumes: { [modelFolder]: {} },
  }
}

/** The init comes before the guard, which may read every byte of the weights and must hear a signal meanwhile. */
export function underInit(init: readonly string[], config: RuntimeConfig): RuntimeConfig {
  return { ...config, Entrypoint: [...init, ...(config.Entrypoint ?? [])] }
}

function environmentOf(deployment: Deployment, engine: EngineDefinition, lock: Lock): string[] {
  const { runtime } = lock
  const variables = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    ...(runtime.type === 'upstream' ? runtime.environment : {}),
    ...imageVariables,
    ...engine.environment(deployment),
    ...ownEnvironment(deployment.runtime.source),
    ...trustVariables(lock),
    ...deployment.recipe.serving.environment,
  }
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
}

function labelsOf(
  { recipe }: Deployment,
  engine: EngineDefinition,
  lock: Lock,
  memory: MemoryPlan | null,
): Record<string, string> {
  return {
    'org.opencontainers.image.title': recipe.name,
    'org.opencontainers.image.description': `${recipe.model.name} served by ${engine.title} ${lock.engine.version}`,
    'org.opencontainers.image.version': lock.engine.version,
    'org.opencontainers.image.base.name': lock.runtime.base.reference,
    'org.opencontainers.image.base.digest': lock.runtime.base.digest,
    ...(recipe.model.license === undefined
      ? {}
      : { 'org.opencontainers.image.licenses': recipe.model.license }),
    [labelNames.engine]: `${lock.engine.id}@${lock.engine.version}`,
    [labelNames.weights]: wholeWeights(lock).setDigest,
    [labelNames.delivery]: recipe.weights.delivery,
    ...memoryLabels(memory),
    ...recipe.image.labels,
  }
}
