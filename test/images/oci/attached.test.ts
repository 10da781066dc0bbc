import { expect, test } from 'vitest'
import { attachedIndex, attachedLayoutIndex, attachedText } from '../../../images/oci/attached.ts'
import { attestationManifest, signatureType, statementText } from '../../../images/oci/attestation.ts'
import { mediaTypes } from '../../../images/oci/oci.ts'
import { type Digest, digestOf } from '../../../lib/digest.ts'

const image: Digest = `sha256:${'a'.repeat(64)}`
const [one, two]: Digest[] = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`]

test('the index of what speaks about an image, as skopeo writes it: sorted, three members in Go’s order', () => {
  const manifest = { mediaType: mediaTypes.manifest, size: 7, artifactType: 'x/y', annotations: { a: 'b' } }
  const index = attachedIndex({
    image,
    referrers: [
      { ...manifest, digest: two ?? image },
      { ...manifest, digest: one ?? image },
    ],
  })
  const entry = (digest: string) =>
    `{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"${digest}","size":7}`
  expect(index.bytes).toBe(
    `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[${entry(one ?? '')},${entry(two ?? '')}]}`,
  )
  expect(index.descriptor).toEqual({
    mediaType: mediaTypes.index,
    digest: digestOf(index.bytes),
    size: index.bytes.length,
  })
  expect(index.tag).toBe(`sha256-${'a'.repeat(64)}`)
  expect(attachedText([index])).toBe(`${image} ${index.descriptor.digest}\n`)
  expect(JSON.parse(attachedLayoutIndex([index])).manifests).toEqual([
    { ...index.descriptor, annotations: { 'org.opencontainers.image.ref.name': index.tag } },
  ])
})

test('a statement has one spelling; its manifest is the one that cosign looks for', () => {
  expect(statementText({ digest: image }, signatureType, {})).toBe(
    `{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"https://sigstore.dev/cosign/sign/v1","subject":[{"digest":{"sha256":"${'a'.repeat(64)}"}}]}`,
  )
  expect(statementText({ name: 'n', digest: image }, 't', { b: 1, a: 2 })).toContain(
    '"predicate":{"a":2,"b":1},"predicateType":"t","subject":[{"digest":{"sha256":"aaaa',
  )
  const subject = {
    mediaType: mediaTypes.manifest,
    digest: image,
    size: 3,
    platform: { os: 'linux', architecture: 'amd64' },
  }
  const blob = { mediaType: 'm', digest: image, size: 1 }
  expect(attestationManifest(subject, blob, blob, 't')).toEqual({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    config: blob,
    layers: [blob],
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': 't',
    },
    // A subject is a bare descriptor: another platform member would be another manifest for the same image.
    subject: { mediaType: mediaTypes.manifest, digest: image, size: 3 },
  })
})
