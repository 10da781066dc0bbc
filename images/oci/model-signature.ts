import { createPublicKey } from 'node:crypto'
import { z } from 'zod'
import { type Digest, digestOf, hexOf } from '../../lib/digest.ts'
import type { Json } from '../../lib/json.ts'
import type { Lock } from '../../recipes/lock.ts'
import { folderName, partFolder } from '../../recipes/parts.ts'
import { sigstoreBundleType } from './attestation.ts'
import { documentTypes } from './document-types.ts'
import { type Descriptor, type Manifest, referrerManifest } from './oci.ts'

/** What the OpenSSF calls a signature over the files of a model (https://github.com/ossf/model-signing-spec). */
export const modelSignatureType = 'https://model_signing/signature/v1.0'

/** Files of a model or of a part of it, below the folder that they lie in. */
export interface SignableModel {
  name: string
  /** Of the signature's file: `model.sig` for the model itself, `parts/ROLE/NAME.sig` for a part. */
  path: string
  files: readonly { path: string; sha256: string }[]
}

/** The model of an image and its parts, each to be signed for itself: they may be fetched apart. */
export function signableModels(
  name: string,
  { weights, parts = [] }: Pick<Lock, 'weights' | 'parts'>,
): SignableModel[] {
  return [
    { name, path: 'model.sig', files: weights.files },
    ...parts.map((part) => ({
      name: partName(part),
      path: `${partFolder(part)}.sig`,
      files: part.weights.files,
    })),
  ]
}

function partName({ role, name }: { role: string; name?: string | undefined }): string {
  return name === undefined ? role : folderName(name)
}

/**
 * What `model_signing sign` says of a folder with these files: each file by its sha256, and as the subject the sha256 of all these
 * one after the other. No file is read.
 */
export function modelStatement({ name, files }: SignableModel): {
  subject: { name: string; digest: Digest }
  predicateType: string
  predicate: Json
} {
  const sorted = [...files].sort((a, b) => byFolders(a.path, b.path))
  const hashes = sorted.map(({ sha256 }) => Buffer.from(sha256, 'hex'))
  return {
    subject: { name, digest: digestOf(Buffer.concat(hashes)) },
    predicateType: modelSignatureType,
    predicate: {
      serialization: { method: 'files', hash_type: 'sha256', allow_symlinks: false },
      resources: sorted.map(({ path, sha256 }) => ({ name: path, algorithm: 'sha256', digest: sha256 })),
    },
  }
}

/** Folder by folder, as Python compares paths: `a/b` comes before `a.b`. */
function byFolders(one: string, other: string): number {
  const [a, b] = [one.split('/'), other.split('/')]
  const index = a.findIndex((part, place) => part !== b[place])
  if (index < 0) return a.length - b.length
  const [mine = '', its] = [a[index], b[index]]
  return its === undefined || mine > its ? 1 : -1
}

const bundleSchema = z.looseObject({
  verificationMaterial: z.looseObject({
    publicKey: z.looseObject({ hint: z.string().optional() }).optional(),
  }),
})

/**
 * cosign's bundle with the name of its key as model_signing writes it: the sha256 of the PEM in hexadecimal, where cosign has
 * that of the DER in base64. The name is not signed, and cosign does not ask for it.
 */
export function modelSignature(bundle: string, publicKey: string): string {
  const found = bundleSchema.parse(JSON.parse(bundle))
  const pem = createPublicKey(publicKey).export({ type: 'spki', format: 'pem' }).toString()
  const { publicKey: _, ...material } = found.verificationMaterial
  return JSON.stringify({
    ...found,
    verificationMaterial: { ...material, publicKey: { hint: hexOf(digestOf(pem)) } },
  })
}

/** The signature as a registry keeps it beside an image; `oras pull` writes it under its path. */
export function modelSignatureManifest(
  subject: Descriptor,
  signature: Descriptor,
  { config, path }: { config: Descriptor; path: string },
): Manifest {
  return referrerManifest(subject, {
    artifactType: documentTypes.modelSignature,
    config,
    layers: [
      {
        ...signature,
        mediaType: sigstoreBundleType,
        annotations: { 'org.opencontainers.image.title': path },
      },
    ],
    annotations: { 'in-toto.io/predicate-type': modelSignatureType },
  })
}
