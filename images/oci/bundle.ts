import { type Digest, hexOf } from '../../lib/digest.ts'
import { canonicalJson } from '../../lib/json.ts'
import { type Descriptor, describe, type Index, mediaTypes } from './oci.ts'

/** One file of a bundle: `path` within it, sha256 as 64 hex digits. */
export interface BundleFile {
  path: string
  sha256: string
  sizeBytes: number
}

/** An image that a bundle carries, with what its manifest needs. */
export interface BundledImage {
  /** Name under which a site's tools know it. */
  reference: string
  descriptor: Descriptor
  config: Digest
  layers: readonly Digest[]
}

export const bundleNames = {
  sums: 'SHA256SUMS',
  /** Sums of the whole bundle, in one that holds only what changed. */
  wholeSums: 'SHA256SUMS.whole',
  parts: 'PARTS',
  earlier: 'EARLIER',
  images: 'IMAGES',
  /** Signed statements about the images. */
  attestations: 'ATTESTATIONS',
} as const

/** A name without a registry, and a tag that says which image it is: tools disagree on digests of what they loaded. */
export function siteReference(name: string, digest: Digest): string {
  return `localhost/${name}:${hexOf(digest).slice(0, 12)}`
}

export function blobFilePath(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`
}

/** Lines that `sha256sum -c` reads, in the order of their paths. */
export function sumsText(files: readonly BundleFile[]): string {
  return byPath(files)
    .map(({ sha256, path }) => `${sha256}  ${path}\n`)
    .join('')
}

export function byPath<File extends { path: string }>(files: readonly File[]): File[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Hash to path of a sums file; undefined when a line is not one. */
export function parseSums(text: string): Map<string, string> | undefined {
  const pairs = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => /^([0-9a-f]{64}) {2}(.+)$/.exec(line))
  if (pairs.some((pair) => pair === null)) return undefined
  return new Map(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? '']))
}

/** First line: sha256 of the earlier bundle's sums. Then what is taken from it, as in a sums file. */
export function earlierText(base: string, taken: readonly BundleFile[]): string {
  return `${base}\n${sumsText(taken)}`
}

/** `sha256:… NAME` a line, for the loader. */
export function imagesText(images: readonly BundledImage[]): string {
  return images.map(({ descriptor, reference }) => `${descriptor.digest} ${reference}\n`).join('')
}

/** `sha256:… TYPE PATH` a line, for the checker. */
export function attestationsText(
  attestations: readonly { image: Digest; predicateType: string; path: string }[],
): string {
  return attestations.map(({ image, predicateType, path }) => `${image} ${predicateType} ${path}\n`).join('')
}

/** The signature of a list of sums lies beside the list. It covers every byte, because the list has the sum of every file. */
export function signaturePath(list: string): string {
  return `${list}.sigstore.json`
}

/** index.json under the names that podman and skopeo read, and the one that containerd does. */
export function bundleIndex(images: readonly BundledImage[]): string {
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: images.map(({ descriptor, reference }) => ({
      ...descriptor,
      annotations: {
        'org.opencontainers.image.ref.name': reference,
        'io.containerd.image.name': reference,
      },
    })),
  } satisfies Index
  return describe(mediaTypes.index, index).bytes
}

/** manifest.json, which `docker load` wants beside the layout. */
export function dockerManifest(images: readonly BundledImage[]): string {
  return canonicalJson(
    images.map(({ reference, config, layers }) => ({
      Config: blobFilePath(config),
      RepoTags: [reference],
      Layers: layers.map(blobFilePath),
    })),
  )
}

/** What a person at the site reads first. The same in a whole and in a differential bundle, which become one. */
export function bundleReadme(images: readonly BundledImage[]): string {
  return `A bundle of ingot: images of inference servers, with all they need to start without a network.

${images.map(({ reference, descriptor }) => `${reference}\n  ${descriptor.digest}\n`).join('')}
sh verify.sh                checks every byte and names what is wrong
sh verify.sh --key KEY.pub  the same, and every signature, by cosign; in a signed bundle
sh load.sh                  checks, then loads into podman, docker, nerdctl or containerd (--tool NAME)
sh load.sh --to HOST/PATH   checks, then copies into a registry, signatures and documents too; needs skopeo
sh load.sh --unpack FOLDER  checks, then makes one OCI image layout of the parts

A bundle with a file EARLIER holds only what changed since an earlier one: give that one's folder to each of these with
--with FOLDER. Of a bundle in parts, --unpack makes that folder.

Needed: a POSIX shell, tar, sha256sum. Compare the sha256 that verify.sh prints with the one that ingot printed when the
bundle was made; it must come by another way than this medium. So must the public key of a signed one.

run-files/ how to start the images, report/ and test-result/ what was checked, provenance/ and sbom/ what they were made of; vex/, where it is,
which known vulnerabilities do not concern them, for \`grype --vex\`.
attestations/ has the same under a signature, and attached/ has it as a registry keeps it.
`
}
