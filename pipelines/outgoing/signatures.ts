import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { signatureType, sigstoreBundleType, statementText } from '../../images/oci/attestation.ts'
import { modelSignature, modelSignatureType } from '../../images/oci/model-signature.ts'
import type { Descriptor } from '../../images/oci/oci.ts'
import { type Digest, digestOf, hexOf, isDigest } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import { readBlobText, statBlob } from '../store/blobs.ts'
import { readCache, touchRecord, writeRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { writeBlobText } from '../store/write.ts'
import { type Cosign, type CosignContext, type Signer, withCosign } from './cosign.ts'

export interface SignableStatement {
  subject: { name?: string; digest: Digest }
  predicateType: string
  predicate: Json
  /** Image that the signature is kept with; the subject where it is absent. */
  keptWith?: Digest
}

/** Signs a statement without a registry; gives cosign's bundle of it, which is in the store then. Throws `tool-failed`. */
export type StatementSigner = (statement: SignableStatement) => Promise<Descriptor>

const kind = 'signature'
const record = z.object({ bundle: z.string().refine(isDigest) })

/**
 * Gives `act` a way to sign; none without a signer. What a key signed before is taken from the store: no two signatures over the
 * same bytes are the same, and the same images shall make the same bundle. Throws `no-tool`.
 */
export async function withSigning<Result>(
  store: Store,
  signer: Signer | undefined,
  context: Omit<CosignContext, 'signer'>,
  act: (sign: StatementSigner | undefined) => Promise<Result>,
): Promise<Result> {
  if (signer === undefined) return act(undefined)
  return withCosign({ ...context, signer }, async (cosign) => {
    const publicKey = await cosign.publicKey()
    return act(async ({ subject, predicateType, predicate, keptWith = subject.digest }) => {
      const text = statementText(subject, predicateType, predicate)
      const make = async () => {
        const bundle = await signed(cosign, text, `sign ${predicateType} of ${subject.digest}`)
        const isModel = predicateType === modelSignatureType && publicKey !== undefined
        return keep(store, isModel ? modelSignature(bundle, publicKey) : bundle)
      }
      if (publicKey === undefined) return make()
      const isLogged = signer.type === 'key' && signer.isLogged
      const key = hexOf(digestOf(canonicalJson({ publicKey, isLogged, statement: digestOf(text) })))
      return (await known(store, key)) ?? remember(store, key, keptWith, await make())
    })
  })
}

/** The signature of a text, as a file that lies beside it. */
export async function signedList(store: Store, sign: StatementSigner, list: string): Promise<string> {
  const statement = { subject: { digest: digestOf(list) }, predicateType: signatureType, predicate: {} }
  return readBlobText(store, (await sign(statement)).digest)
}

/** cosign's bundle of a statement. */
async function signed(cosign: Cosign, text: string, act: string): Promise<string> {
  const statement = join(cosign.folder, 'statement.json')
  const bundle = join(cosign.folder, 'bundle.json')
  await writeFile(statement, text)
  await cosign.run(act, ['attest-blob', ...cosign.signing, '--statement', statement, '--bundle', bundle])
  return readFile(bundle, 'utf8')
}

async function keep(store: Store, bundle: string): Promise<Descriptor> {
  const { digest, sizeBytes } = await writeBlobText(store, bundle)
  return { mediaType: sigstoreBundleType, digest, size: sizeBytes }
}

async function known(store: Store, key: string): Promise<Descriptor | undefined> {
  const found = record.safeParse(await readCache(store, kind, key))
  if (!found.success) return undefined
  const digest = found.data.bundle
  const size = await statBlob(store, digest)
  if (size === undefined) return undefined
  await touchRecord(store, kind, key)
  return { mediaType: sigstoreBundleType, digest, size }
}

/** The subject is named so that the record goes with its image. */
async function remember(store: Store, key: string, subject: Digest, bundle: Descriptor): Promise<Descriptor> {
  await writeRecord(store, kind, key, { subject, bundle: bundle.digest })
  return bundle
}
