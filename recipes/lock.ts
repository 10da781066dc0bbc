import semver from 'semver'
import { z } from 'zod'
import { type Json, prettyJson } from '../lib/json.ts'
import { trustedFileSchema } from './certificates.ts'
import { pinnedImage, pinnedPackages } from './debian-lock.ts'
import { debianPackages } from './debian-packages.ts'
import { engineIds } from './engine-ids.ts'
import { RecipeError } from './error.ts'
import { ggufFactsSchema } from './gguf-facts.ts'
import { keyStandingTwice } from './json-text.ts'
import { lockOriginSchema } from './lock-origin.ts'
import { lockedWeightsSchema } from './locked-weights.ts'
import { modelFactsSchema } from './model-facts.ts'
import { lockedOwnFilesSchema } from './own-layer.ts'
import { pinnedPartSchema } from './pinned-parts.ts'
import { settingFilesSchema } from './setting-files.ts'
import { poolings } from './tasks.ts'

/** A distribution of the Python package index at one version, with every wheel of it that the interpreter may take. */
const pythonPackage = z.strictObject({
  name: z.string().min(1),
  version: z.string().min(1),
  wheels: z
    .array(
      z.strictObject({
        filename: z.string().min(1),
        sizeBytes: z.number().int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(1),
})

const wheelSet = {
  /** Version of the interpreter, and of uv that resolved and installs. */
  python: z.string().min(1),
  uv: z.string().min(1),
  distributions: z.array(pythonPackage),
}

const debianRuntime = pinnedPackages.extend({
  /** Packages that are there for those that the recipe adds and for nothing else, by name; absent where it adds none. */
  own: z.array(z.string()).optional(),
  /** Wheels that the recipe adds to an engine without Python. */
  environment: z.strictObject(wheelSet).optional(),
})

const runtime = z.discriminatedUnion('type', [
  debianRuntime,
  z.strictObject({
    type: z.literal('upstream'),
    base: pinnedImage,
    /** Variables of the image that its programs rely on, such as the search path of CUDA libraries. */
    environment: z.record(z.string(), z.string()).optional(),
    /** Python distributions in it, by name, with their versions. */
    distributions: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({
    type: z.literal('python'),
    base: pinnedImage,
    packages: debianPackages,
    /** As with packages alone; only where the recipe asks for some. */
    present: z.array(z.string()).optional(),
    own: z.array(z.string()).optional(),
    ...wheelSet,
  }),
])

/** Containers that a build works in and that are part of no image: one base, and the package files that each adds to it. */
export const helperNames = ['packer', 'harness', 'comparer', 'installer'] as const
export type HelperName = (typeof helperNames)[number]

const factory = z.strictObject({
  base: pinnedImage,
  packer: debianPackages,
  harness: debianPackages,
  comparer: debianPackages,
  installer: debianPackages,
} satisfies Record<HelperName | 'base', z.ZodType>)

/** What the files beside a model in transformers' form say of how it is asked; a GGUF has it in its header. */
const folderFacts = z.strictObject({
  chatTemplate: z.string().optional(),
  pooling: z.enum(poolings).optional(),
  /** Numbers of one vector, where a layer behind the model changes them. */
  dimension: z.number().int().positive().optional(),
  /** Whether vectors are brought to length 1. */
  normalizes: z.boolean().optional(),
  /** Classes that a classifier tells apart; one is a score. */
  labels: z.number().int().positive().optional(),
})

export const lockSchema = z.strictObject({
  lockVersion: z.literal(1),
  recipe: z.string().min(1),
  engine: z.strictObject({
    id: z.enum(engineIds),
    version: z.string().refine((text) => semver.valid(text) !== null, 'a version such as 0.31.0'),
  }),
  /** Absent in locks of versions before it. */
  madeFrom: lockOriginSchema.optional(),
  runtime,
  weights: lockedWeightsSchema,
  /** Where the programs of a modelcar come from, if the recipe asks for one. */
  modelcar: debianRuntime.optional(),
  /** Absent in locks of ingot 0.1: the helpers are then what base and archive have at each build. */
  factory: factory.optional(),
  /** Files of certificates that the recipe trusts, with their certificates. */
  trust: z.array(trustedFileSchema).optional(),
  /** Files that the recipe adds, by their hashes; absent where it adds none. */
  ownFiles: lockedOwnFilesSchema.optional(),
  /** Files that the recipe names under `model`, with their text; absent where it names none. */
  settingFiles: settingFilesSchema.optional(),
  model: modelFactsSchema.optional(),
  gguf: ggufFactsSchema.optional(),
  /** Absent for GGUF, and in locks of versions before it. */
  folder: folderFacts.optional(),
  /** Parts of the recipe that have a source, in its order; absent where there are none. */
  parts: z.array(pinnedPartSchema).optional(),
})

/** What a recipe resolved to. Plan and build ask nothing of the network that is not pinned here. */
export type Lock = z.infer<typeof lockSchema>
export type LockedRuntime = Lock['runtime']
export type DebianLock = z.infer<typeof debianRuntime>
export type PinnedImage = z.infer<typeof pinnedImage>
export type PythonPackage = z.infer<typeof pythonPackage>
export type FactoryLock = z.infer<typeof factory>
export type FolderFacts = z.infer<typeof folderFacts>

/** Wheels of a runtime: those of an engine in Python, or of the recipe beside another; official images have none that are locked. */
export function distributionsOf(runtime: LockedRuntime): PythonPackage[] {
  if (runtime.type === 'upstream') return []
  return runtime.type === 'python' ? runtime.distributions : (runtime.environment?.distributions ?? [])
}

/** What one helper is installed from; undefined where the lock does not pin it. */
export function helperLock(pinned: FactoryLock | undefined, name: HelperName): DebianLock | undefined {
  return pinned && { type: 'debian', base: pinned.base, packages: pinned[name] }
}

/** Reads a lock file's text; throws `invalid-lock` naming the first wrong member. */
export function parseLock(text: string, file: string): Lock {
  const json = readJson(text, file)
  const parsed = lockSchema.safeParse(json)
  const twice = keyStandingTwice(text)
  if (twice !== undefined)
    throw invalidLock(file, `"${twice}" stands twice in one place, as where both sides of a merge were kept`)
  if (parsed.success) return parsed.data
  if (isNewer(json)) throw newerLock(file, json.lockVersion)
  const [issue] = parsed.error.issues
  throw invalidLock(file, `${issue?.path.join('.') || 'at its outermost value'}: ${issue?.message}`)
}

/** The bytes of a lock file: sorted keys, so that a change shows as a small diff. */
export function formatLock(lock: Lock): string {
  // Lock holds JSON values only; its optional members are what keeps it from being assignable.
  return prettyJson(lock as Json)
}

/** What differs between two locks of one recipe, as `path: before -> after` lines; empty when nothing drifted. */
export function lockDrift(before: Lock, after: Lock): string[] {
  return drift('', before as Json, after as Json)
}

function drift(path: string, before: Json | undefined, after: Json | undefined): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return keys.flatMap((key) => drift(path === '' ? key : `${path}.${key}`, before[key], after[key]))
  }
  if (Array.isArray(before) && Array.isArray(after)) return drift(path, byName(before), byName(after))
  return [`${path}: ${shown(before)} -> ${shown(after)}`]
}

function byName(items: readonly Json[]): Record<string, Json> {
  return Object.fromEntries(items.map((item, index) => [nameOf(item) ?? String(index), item]))
}

function nameOf(item: Json): string | undefined {
  const name = isMap(item) ? (item['name'] ?? item['path']) : undefined
  return typeof name === 'string' ? name : undefined
}

function isMap(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function shown(value: Json | undefined): string {
  if (value === undefined) return '(absent)'
  if (isMap(value) && typeof value['version'] === 'string') return value['version']
  const text = JSON.stringify(value)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}

function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalidLock(file, 'it is not JSON', cause)
  }
}

function isNewer(json: unknown): json is { lockVersion: number } {
  const version = typeof json === 'object' && json !== null && 'lockVersion' in json && json.lockVersion
  return typeof version === 'number' && version > 1
}

function newerLock(file: string, version: number): RecipeError {
  return new RecipeError('invalid-lock', {
    attempted: `read the lock ${file}`,
    found: `a newer ingot wrote it: it is of lockVersion ${version}, and this one reads 1`,
    hint: 'use the ingot that wrote it, as the others of this repository do; `ingot lock RECIPE` writes it anew for this one',
  })
}

function invalidLock(file: string, found: string, cause?: unknown): RecipeError {
  return new RecipeError('invalid-lock', {
    attempted: `read the lock ${file}`,
    found,
    hint: '`ingot lock RECIPE` writes it anew; or take it from version control',
    cause,
  })
}
