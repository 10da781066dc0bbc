import { z } from 'zod'
import { limits, text } from './limits.ts'
import { globPattern } from './weights.ts'

/** `qwen-vl-utils==0.0.14`, `fastapi[standard]>=0.100,<1; python_version > "3.9"`: what the index is asked for, and no address. */
const requirement =
  /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(\s*\[[A-Za-z0-9._-]+(\s*,\s*[A-Za-z0-9._-]+)*\])?(\s*(===?|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+(\s*,\s*(===?|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+)*)?(\s*;[\w\s.'"<>=!~()-]+)?$/

/** Name of a requirement: the index takes `Foo_Bar`, `foo.bar` and `foo-bar` for one; extras and versions are no part of it. */
export function plainRequirement(asked: string): string {
  const [name = ''] = /^[A-Za-z0-9._-]+/.exec(asked) ?? []
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}

/** apt takes a `-` behind a name for a removal. */
const debianPackageName = /^[a-z0-9][a-z0-9+.-]*[a-z0-9+](=[0-9][A-Za-z0-9.+:~-]*)?$/

const packages = z.strictObject({
  python: z
    .array(
      text(limits.words).regex(
        requirement,
        'a requirement of the Python package index, such as fastapi==0.115.0: a name, extras and versions, and no address, path or option',
      ),
    )
    .max(limits.entries)
    .default([])
    .describe(
      'Requirements of the Python package index, resolved together with those of the engine; wheels alone',
    ),
  system: z
    .array(
      text(limits.words).regex(
        debianPackageName,
        'a package of the base’s archive, such as ffmpeg or ffmpeg=7:6.1.1-1',
      ),
    )
    .max(limits.entries)
    .default([])
    .describe(
      'Packages of the archive of the base; the lock has their exact versions. They and what they bring stay whole',
    ),
})

const ownFile = z.strictObject({
  from: text(limits.place).min(1).describe('A file or a folder, relative to the recipe'),
  to: text(limits.place)
    .regex(/^\/(?:[^/]+\/)*[^/]+$/, 'an absolute path without a slash at its end')
    .refine(
      (path) => !path.split('/').some((part) => part === '.' || part === '..'),
      'a path without . and ..',
    )
    .describe('Its place in the image'),
  exclude: z
    .array(globPattern)
    .max(limits.patterns)
    .default([])
    .describe('Patterns of what is left out, as in weights.source'),
})

const command = z
  .array(text(limits.value).min(1))
  .min(1)
  .max(limits.entries)
  .refine(([program = '']) => !program.startsWith('-'), { path: [0], message: 'a program, and no option' })

/** Keys of `image` for what a recipe puts around the engine. */
export const ownLayer = {
  packages: packages.default(() => packages.parse({})).describe('Packages besides those of the engine'),
  files: z
    .array(ownFile)
    .max(limits.patterns)
    .default([])
    .describe('Own code and settings, in a layer of their own: owned by root, read-only, with one time'),
  command: command
    .optional()
    .describe(
      'Command of a server around the engine, started in place of it in the folder above the first of image.files; /etc/ingot/engine.json says how the engine is started',
    ),
}

/** A file as the image gets it. */
const lockedOwnFile = z.strictObject({
  /** Below `to`; empty where `to` is the file itself. */
  path: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  executable: z.literal(true).exactOptional(),
  /** Libraries that a program or library loads by its header. */
  libraries: z.array(z.string()).exactOptional(),
  /** What starts it: the loader of a program, or the first words of a script. */
  startedBy: z.array(z.string()).exactOptional(),
})

export const lockedOwnFilesSchema = z
  .array(z.strictObject({ from: z.string().min(1), to: z.string().min(1), files: z.array(lockedOwnFile) }))
  .min(1)

export type LockedOwnFiles = z.infer<typeof lockedOwnFilesSchema>
export type LockedOwnFile = z.infer<typeof lockedOwnFile>

/** Own code is small; what is large is weights, which have sources and layers of their own. */
export const ownLimits = { files: 10_000, sizeBytes: 256 * 1024 * 1024 } as const
