import type { Lock } from '../../recipes/lock.ts'
import { deployedFiles, type LockedFile } from '../../recipes/locked-weights.ts'
import { nameOfPart, type PartOf, type PartRole, partFolder, type RecipePart } from '../../recipes/parts.ts'
import type { PinnedPart } from '../../recipes/pinned-parts.ts'
import type { WeightFile } from '../../recipes/weights.ts'

/** Files of a part with their place in the image. */
export interface PlacedPart {
  /** What the lock says of it; null where it has no source, as heads inside the model. */
  pinned: PinnedPart | null
  /** Folder of its files, relative to the folder that the weights' delivery fills. */
  folder: string
  /** The same in the container. */
  path: string
  /** Paths are relative to its folder. */
  files: readonly WeightFile[]
}

/** A part of a recipe, and where it is. */
export interface DeployedPart<Role extends PartRole = PartRole> extends PlacedPart {
  part: PartOf<Role>
}

/**
 * What an engine does with a role: it serves it by these flags, which a recipe with such a part cannot set itself, or why
 * not.
 */
export type PartSupport =
  | { type: 'served'; flags: readonly string[] }
  | { type: 'refused'; found: string; hint: string }

/** One answer for every role, so that an engine cannot forget one. */
export type PartTable = Readonly<Record<PartRole, PartSupport>>

export function served(...flags: readonly string[]): PartSupport {
  return { type: 'served', flags }
}

export function notServed(found: string, hint: string): PartSupport {
  return { type: 'refused', found, hint }
}

/** Parts of a recipe, with what its lock has of them. `placeOf` says where the files of one are in the container. */
export function deployedParts(
  parts: readonly RecipePart[],
  lock: Lock,
  placeOf: (pinned: PinnedPart) => string,
): DeployedPart[] {
  return parts.map((part) => {
    const pinned = lock.parts?.find((one) => one.role === part.role && one.name === nameOfPart(part)) ?? null
    return {
      part,
      pinned,
      folder: partFolder(part),
      path: pinned === null ? '' : placeOf(pinned),
      files: pinned === null ? [] : filesInImage(pinned.weights.files),
    }
  })
}

/** Parts in place of a file that a registry's limit split; a part keeps the sha256 of its file, for names alone. */
export function filesInImage(files: readonly LockedFile[]): WeightFile[] {
  return files.flatMap((file) =>
    deployedFiles([file]).map((deployed) => ({ ...deployed, sha256: file.sha256 })),
  )
}

export function partsOf<Role extends PartRole>(
  { parts }: { parts: readonly DeployedPart[] },
  role: Role,
): DeployedPart<Role>[] {
  // The compiler does not follow a role from a value into the type of the part.
  return parts.filter((one) => one.part.role === role) as unknown as DeployedPart<Role>[]
}
