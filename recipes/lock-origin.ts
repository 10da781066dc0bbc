import { z } from 'zod'
import { engineIds } from './engine-ids.ts'
import { nameOfPart, partRoles } from './parts.ts'
import type { Recipe } from './recipe.ts'
import { deliveries, weightsSourceSchema } from './weights.ts'

/** What an engine's definition asks of the world for a recipe: the part that decides what a lock pins. */
export const runtimeRequestSchema = z.strictObject({
  type: z.enum(['debian', 'upstream', 'python']),
  base: z.string().min(1),
  /** Packages of the base's archive, without their dependencies. */
  packages: z.array(z.string()).optional(),
  /** Distribution of the Python index, and what its dependencies must be instead of what they say. */
  distribution: z.string().optional(),
  overrides: z.array(z.string()).optional(),
  /** Requirements of the Python index that a recipe adds. */
  requirements: z.array(z.string()).optional(),
  /** Command that tells the version of an official image. */
  versionCommand: z.array(z.string()).optional(),
})

/** The keys of a recipe that a lock depends on, under the names that they have in the YAML. */
const originRecipeSchema = z.strictObject({
  engine: z.strictObject({
    id: z.enum(engineIds),
    version: z.string(),
    runtime: z.string().optional(),
    device: z.string().optional(),
  }),
  weights: z.strictObject({
    source: weightsSourceSchema,
    delivery: z.enum(deliveries),
    modelcar: z.boolean(),
  }),
  /** Parts that have a source; absent where there are none. */
  parts: z
    .array(
      z.strictObject({ role: z.enum(partRoles), name: z.string().optional(), source: weightsSourceSchema }),
    )
    .optional(),
  image: z.strictObject({
    platform: z.string(),
    base: z.string().optional(),
    registry: z.string(),
    /** Absent where the recipe adds none. */
    packages: z.strictObject({ python: z.array(z.string()), system: z.array(z.string()) }).optional(),
    /** Whether it has a command of its own, for which an init is installed; absent where it has none. */
    command: z.literal(true).optional(),
    /** Whether it holds what the engine compiles, for which compilers may be installed; absent where it does not. */
    compileCache: z.literal(true).optional(),
  }),
  /** Whether several machines serve the model, for which workers may be installed; absent where one does. */
  hasNodes: z.literal(true).optional(),
  target: z.strictObject({ gpu: z.string().optional(), driver: z.string().optional() }),
})

/** What a lock was made from. Absent in locks of versions before this record. */
export const lockOriginSchema = z.strictObject({
  recipe: originRecipeSchema,
  runtime: runtimeRequestSchema,
  /** Largest layer of weights, in bytes, to which files were split; absent without a limit. */
  maxLayerBytes: z.number().positive().optional(),
})

export type RuntimeRequest = z.infer<typeof runtimeRequestSchema>
export type LockOrigin = z.infer<typeof lockOriginSchema>

/** Everything that resolving reads of a recipe beside `name`, `engine.id`, `engine.version`, `image.platform` and the source. */
export interface LockRequest {
  runtime: RuntimeRequest
  /** Whether a lock may pin another release of the base than the one that the engine's definition names. */
  hasReleases: boolean
  /** The limit to which weights are split; undefined where nothing is split. */
  maxLayerBytes: number | undefined
  /** Whether parts of split files are used: what is mounted are the files themselves. */
  usesParts: boolean
  /** Present when the recipe asks for a modelcar. */
  modelcar: RuntimeRequest | undefined
}

/** The record that goes into a lock. */
export function lockOriginOf(recipe: Recipe, request: LockRequest): LockOrigin {
  const { engine, weights, serving, image, target } = recipe
  const origin = {
    recipe: {
      engine: { id: engine.id, version: engine.version, runtime: engine.runtime, device: engine.device },
      weights: { source: weights.source, delivery: weights.delivery, modelcar: weights.modelcar },
      ...recordedParts(recipe),
      image: {
        platform: image.platform,
        base: image.base,
        registry: image.registry,
        packages: addedPackages(image),
        command: image.command === undefined ? undefined : true,
        compileCache: image.compileCache || undefined,
      },
      hasNodes: serving.nodes > 1 || undefined,
      target: { gpu: target.gpu, driver: target.driver },
    },
    runtime: request.runtime,
    maxLayerBytes: request.maxLayerBytes,
  }
  // Members that are undefined are absent in the file, and so they are in the value.
  return lockOriginSchema.parse(JSON.parse(JSON.stringify(origin)))
}

/** Packages that a recipe adds; undefined where it adds none. */
export function addedPackages({ packages }: Recipe['image']): Recipe['image']['packages'] | undefined {
  return packages.python.length + packages.system.length === 0 ? undefined : packages
}

function recordedParts({ parts }: Recipe): Pick<LockOrigin['recipe'], 'parts'> {
  const recorded = parts.flatMap((part) =>
    part.source === undefined ? [] : [{ role: part.role, name: nameOfPart(part), source: part.source }],
  )
  return recorded.length === 0 ? {} : { parts: recorded }
}
