import { z } from 'zod'
import { hexOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import { fixedTime } from '../oci/oci.ts'
import {
  type LockedPackage,
  missingPackages,
  removalOf,
  type SbomFacts,
  type SbomModel,
  whyListed,
} from './sbom.ts'

// Of syft's answer only what is changed or asked is described; the rest passes as it is.
const spdxDocument = z.looseObject({
  spdxVersion: z.literal('SPDX-2.3'),
  creationInfo: z.looseObject({ creators: z.array(z.string()) }),
  packages: z.array(
    z.looseObject({
      SPDXID: z.string(),
      name: z.string(),
      externalRefs: z
        .array(z.looseObject({ referenceType: z.string(), referenceLocator: z.string() }))
        .default([]),
    }),
  ),
  relationships: z.array(
    z.looseObject({
      spdxElementId: z.string(),
      relatedSpdxElement: z.string(),
      relationshipType: z.string(),
    }),
  ),
  hasExtractedLicensingInfos: z.array(z.unknown()).default([]),
})

/**
 * syft's SPDX 2.3 with what only the lock knows: packages whose database slimming took, the model with its licence and
 * hashes, and the digest of the image instead of that of the layout syft read. The same image gives the same bytes.
 */
export function completeSpdx(text: string, facts: SbomFacts): string {
  const document = spdxDocument.parse(JSON.parse(text))
  const root = rootOf(document)
  const listed = document.packages.flatMap(({ externalRefs }) =>
    externalRefs.flatMap(({ referenceType, referenceLocator }) =>
      referenceType === 'purl' ? [referenceLocator] : [],
    ),
  )
  const added = missingPackages(listed, facts).map((item) => withLicences(lockedPackage(item), facts))
  const packages = [...document.packages.map((item) => withLicences(item, facts)), ...added]
  const removals = removalsIn(packages, facts)
  const models = [facts.model, ...facts.parts].map((model) => modelPackages(model, root))
  const licences = [...document.hasExtractedLicensingInfos, ...extracted(models)]
  return canonicalJson(
    // JSON from JSON.parse, and plain data of ours.
    {
      ...document,
      name: facts.name,
      documentNamespace: `urn:dev.ingot:sbom:spdx:${hexOf(facts.image)}`,
      creationInfo: {
        ...document.creationInfo,
        created: fixedTime,
        creators: [...document.creationInfo.creators, 'Tool: ingot'],
      },
      packages: [
        ...packages
          .map((item) => withRemoval(item, removals))
          .map((item) => (item.SPDXID === root ? { ...item, ...rootIdentity(facts) } : item)),
        ...models.flatMap(({ packages }) => packages),
      ],
      relationships: [
        ...[...document.relationships, ...added.map(({ SPDXID }) => relation(root, 'CONTAINS', SPDXID))].map(
          (item) => withoutRemoved(item, removals),
        ),
        ...models.flatMap(({ relationships }) => relationships),
      ],
      ...(licences.length > 0 && { hasExtractedLicensingInfos: licences }),
    } as unknown as Json,
  )
}

/** syft saw no copyright file: what they said goes where SPDX keeps words about licences. */
function withLicences<Package extends { name: string; externalRefs: { referenceLocator: string }[] }>(
  item: Package,
  { licences }: SbomFacts,
) {
  const isDebian = item.externalRefs.some(({ referenceLocator }) => referenceLocator.startsWith('pkg:deb/'))
  const found = isDebian ? licences[item.name] : undefined
  return found === undefined
    ? item
    : { ...item, licenseComments: `Named in its copyright file: ${found.join(', ')}` }
}

/** What slimming did, by SPDXID of packages of which it left nothing. */
function removalsIn(
  packages: readonly {
    SPDXID: string
    externalRefs: { referenceType: string; referenceLocator: string }[]
  }[],
  facts: SbomFacts,
): Map<string, string> {
  return new Map(
    packages.flatMap(({ SPDXID, externalRefs }) => {
      const url = externalRefs.find(({ referenceType }) => referenceType === 'purl')?.referenceLocator
      const removal = url === undefined ? undefined : removalOf(url, facts)
      return removal === undefined ? [] : [[SPDXID, removal]]
    }),
  )
}

function withRemoval<Package extends { SPDXID: string }>(
  item: Package,
  removals: ReadonlyMap<string, string>,
) {
  const comment = removals.get(item.SPDXID)
  return comment === undefined ? item : { ...item, comment }
}

/** The image does not contain what was removed from it; SPDX has no word of its own for that. */
function withoutRemoved<Relation extends ReturnType<typeof relation>>(
  item: Relation,
  removals: ReadonlyMap<string, string>,
) {
  const comment = removals.get(item.relatedSpdxElement)
  return comment === undefined || item.relationshipType !== 'CONTAINS'
    ? item
    : { ...item, relationshipType: 'OTHER', comment }
}

function rootOf({ relationships }: z.infer<typeof spdxDocument>): string {
  const described = relationships.find(({ relationshipType }) => relationshipType === 'DESCRIBES')
  return described?.relatedSpdxElement ?? 'SPDXRef-DOCUMENT'
}

/** A licence that several state stands in a document once. */
function extracted(models: readonly ReturnType<typeof modelPackages>[]) {
  return [...new Map(models.flatMap(({ licences }) => licences.map((one) => [one.licenseId, one]))).values()]
}

function modelIdOf({ key }: SbomModel): string {
  return key === '' ? 'SPDXRef-Model' : `SPDXRef-Model-${idText(key)}`
}

function rootIdentity({ name, image, packageUrl }: SbomFacts) {
  return {
    name,
    versionInfo: image,
    checksums: [{ algorithm: 'SHA256', checksumValue: hexOf(image) }],
    externalRefs: [purl(packageUrl)],
  }
}

function lockedPackage(item: LockedPackage) {
  const { type, name, version, packageUrl } = item
  // Certificates may share a subject, and places a form without slashes.
  return {
    ...anyPackage(
      `SPDXRef-Locked-${type}-${idText(type === 'certificate' ? version : type === 'files' ? `${name} ${version}` : name)}`,
      name,
    ),
    versionInfo: version,
    sourceInfo: whyListed(item),
    externalRefs: [purl(packageUrl)],
  }
}

/** The model, and each of its files as a package: SPDX wants a SHA-1 of what it calls a file, and a lock has none. */
function modelPackages(facts: SbomModel, root: string) {
  const { name, revision, place, license, setDigest, files, isInside } = facts
  const modelId = modelIdOf(facts)
  const ref = license && (license.spdx ?? `LicenseRef-Model-${idText(license.text)}`)
  const model = {
    ...anyPackage(modelId, name),
    versionInfo: revision,
    sourceInfo: `weights from ${place}`,
    licenseDeclared: ref ?? 'NOASSERTION',
    primaryPackagePurpose: 'OTHER',
    comment: `Model weights. The checksum is the set digest: sha256 over the sorted lines "SHA256  PATH" of all files (${setDigest}).`,
    checksums: [{ algorithm: 'SHA256', checksumValue: hexOf(setDigest) }],
    ...(place.startsWith('pkg:') && { externalRefs: [purl(place)] }),
  }
  const parts = files.map(({ path, sha256 }, index) => ({
    ...anyPackage(`${modelId}-File-${index}`, path),
    packageFileName: path,
    primaryPackagePurpose: 'FILE',
    checksums: [{ algorithm: 'SHA256', checksumValue: sha256 }],
  }))
  return {
    packages: [model, ...parts],
    relationships: [
      isInside ? relation(root, 'CONTAINS', modelId) : relation(modelId, 'RUNTIME_DEPENDENCY_OF', root),
      ...parts.map(({ SPDXID }) => relation(modelId, 'CONTAINS', SPDXID)),
    ],
    licences:
      license && license.spdx === undefined
        ? [
            {
              licenseId: ref,
              name: license.text,
              extractedText: `Licence "${license.text}", as the source of the weights states it; its text lies there: ${place}`,
            },
          ]
        : [],
  }
}

function anyPackage(SPDXID: string, name: string) {
  return {
    SPDXID,
    name,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    supplier: 'NOASSERTION',
  }
}

function relation(spdxElementId: string, relationshipType: string, relatedSpdxElement: string) {
  return { spdxElementId, relationshipType, relatedSpdxElement }
}

function purl(referenceLocator: string) {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator }
}

function idText(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]+/g, '-')
}
