import { attestationManifest, signatureType } from '../../images/oci/attestation.ts'
import {
  modelSignatureManifest,
  modelStatement,
  type SignableModel,
} from '../../images/oci/model-signature.ts'
import type { Descriptor } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import type { Store } from '../store/store.ts'
import { storeReferrer } from './attachments.ts'
import type { ImageDocument } from './documents.ts'
import type { SignableStatement, StatementSigner } from './signatures.ts'

/** An image or an index, with what is said of it. */
export interface DocumentedImage {
  /** Of the image in statements about it. */
  name: string
  image: Descriptor
  documents: readonly ImageDocument[]
  /** What it serves, signed in the form of the OpenSSF beside it; none of an index. */
  models?: readonly SignableModel[]
}

/** A signed statement: cosign's file of it, and the manifest by which a registry finds it. */
export interface Attestation {
  name: 'signature' | ImageDocument['name']
  predicateType: string
  bundle: Descriptor
  manifest: Descriptor
}

/** Signs an image and every document about it. Both forms are in the store then. Throws `tool-failed`. */
export async function attest(
  store: Store,
  said: DocumentedImage,
  sign: StatementSigner,
): Promise<Attestation[]> {
  const { image } = said
  const made: Attestation[] = []
  for (const { name, statement } of statementsOf(said, image.digest)) {
    const { predicateType } = statement
    const bundle = await sign(statement)
    made.push({
      name,
      predicateType,
      bundle,
      manifest: await storeReferrer(store, (config) =>
        attestationManifest(image, bundle, config, predicateType),
      ),
    })
  }
  return made
}

/** A signature over a model's files, as a file and as the manifest by which a registry finds it beside the image. */
export interface ModelSignature {
  path: string
  bundle: Descriptor
  manifest: Descriptor
}

/** Signs the models of an image by the hashes of their files. Throws `tool-failed`. */
export async function signModels(
  store: Store,
  { image, models = [] }: DocumentedImage,
  sign: StatementSigner,
): Promise<ModelSignature[]> {
  const made: ModelSignature[] = []
  for (const model of models) {
    const bundle = await sign({ ...modelStatement(model), keptWith: image.digest })
    const { path } = model
    const manifest = await storeReferrer(store, (config) =>
      modelSignatureManifest(image, bundle, { config, path }),
    )
    made.push({ path, bundle, manifest })
  }
  return made
}

interface NamedStatement {
  name: Attestation['name']
  statement: SignableStatement
}

function statementsOf({ name, documents }: DocumentedImage, digest: Digest): NamedStatement[] {
  const signature = { subject: { digest }, predicateType: signatureType, predicate: {} }
  return [
    { name: 'signature', statement: signature },
    ...documents.map((document) => ({
      name: document.name,
      statement: {
        subject: { name, digest },
        predicateType: document.predicateType,
        predicate: JSON.parse(document.predicate),
      },
    })),
  ]
}
