import { z } from 'zod'

/**
 * The largest values a recipe may have. They are far above what any server takes today, and small enough that nothing made
 * from a recipe grows without end.
 */
export const limits = {
  /** Bytes of the YAML file. */
  recipeBytes: 256 * 1024,
  /** Each is looked up in the whole file. */
  aliases: 100,
  /** Lists and maps inside each other. */
  depth: 32,
  /** Problems that are listed. */
  problems: 100,
  /** A label of DNS, as names of services and values of labels in Kubernetes are. */
  nameLength: 63,
  modelNameLength: 200,
  tokens: 16_777_216,
  sequences: 65_536,
  gpus: 1024,
  /** Machines of one server; the addresses of a boot are those of one network of 256. */
  nodes: 128,
  draftTokens: 64,
  parts: 64,
  /** Values of one axis of a matrix, and combinations of all of them. */
  variants: 256,
  combinations: 1024,
  /** Files that extend each other. */
  extended: 8,
  seconds: 86_400,
  sizeBytes: 1e15,
  /** Words such as a version range, a licence or a type. */
  words: 256,
  /** A path, an address, a reference. */
  place: 4096,
  /** One argument or variable; Linux takes 131,072 bytes of one. */
  value: 32_768,
  prompts: 64,
  entries: 512,
  patterns: 1000,
} as const

/** Text that an image's configuration can hold: the kernel ends arguments and variables at a byte 0. */
export function text(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .refine((value) => !value.includes('\0'), 'text without a byte 0')
}

/** A short text that is not empty. */
export const words = text(limits.words).min(1)

/** A record of texts with at most so many entries. */
export function texts<Key extends z.ZodString>(key: Key) {
  return z
    .record(key.min(1).max(limits.words), text(limits.value))
    .refine((value) => Object.keys(value).length <= limits.entries, `at most ${limits.entries} entries`)
}
