import { type Digest, hexOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import { type Descriptor, type Manifest, referrerManifest } from './oci.ts'

/** What cosign 3 says of content that it signs, when nothing else is to be said. */
export const signatureType = 'https://sigstore.dev/cosign/sign/v1'

/** cosign's file of a signed statement with what is needed to check it. */
export const sigstoreBundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json'

/** A statement of in-toto in one spelling, so that its hash can say whether it was signed before. */
export function statementText(
  subject: { name?: string; digest: Digest },
  predicateType: string,
  predicate: Json,
): string {
  const { name, digest } = subject
  return canonicalJson({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ ...(name !== undefined && { name }), digest: { sha256: hexOf(digest) } }],
    predicateType,
    predicate,
  })
}

/** A signed statement as a registry keeps it beside its subject, in the form that cosign 3 writes and finds. */
export function attestationManifest(
  subject: Descriptor,
  bundle: Descriptor,
  config: Descriptor,
  predicateType: string,
): Manifest {
  return referrerManifest(subject, {
    artifactType: sigstoreBundleType,
    config,
    layers: [bundle],
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
    },
  })
}
