import { z } from 'zod'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import { uuidOf } from '../../lib/uuid.ts'
import { fixedTime } from '../oci/oci.ts'
import type { SbomModelCard } from './model-card.ts'
import {
  type LockedPackage,
  missingPackages,
  removalOf,
  type SbomFacts,
  type SbomModel,
  whyListed,
} from './sbom.ts'

// Of syft's answer only what is changed or asked is described; the rest passes as it is.
const bom = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.looseObject({
    tools: z.looseObject({ components: z.array(z.unknown()).default([]) }).optional(),
    component: z.looseObject({ 'bom-ref': z.string() }),
    properties: z.array(z.unknown()).optional(),
  }),
  components: z.array(z.looseObject({ name: z.string(), purl: z.string().optional() })).default([]),
  dependencies: z.array(z.looseObject({ ref: z.string() })).default([]),
})

/** syft's CycloneDX with what only the lock knows, as `completeSpdx` has it. The same image gives the same bytes. */
export function completeCycloneDx(text: string, facts: SbomFacts): string {
  const found = bom.parse(JSON.parse(text))
  // syft repeats the image's labels here; the image has them.
  const { properties: _, ...metadata } = found.metadata
  const root = metadata.component['bom-ref']
  const listed = found.components.flatMap(({ purl }) => (purl === undefined ? [] : [purl]))
  return canonicalJson(
    // JSON from JSON.parse, and plain data of ours.
    {
      ...found,
      serialNumber: `urn:uuid:${uuidOf(digestOf(`cyclonedx ${facts.image}`))}`,
      metadata: {
        ...metadata,
        timestamp: fixedTime,
        tools: {
          ...metadata.tools,
          components: [...(metadata.tools?.components ?? []), { type: 'application', name: 'ingot' }],
        },
        component: {
          ...metadata.component,
          name: facts.name,
          version: facts.image,
          purl: facts.packageUrl,
          hashes: [sha256(hexOf(facts.image))],
        },
      },
      components: [
        ...[...found.components, ...missingPackages(listed, facts).map(lockedComponent)]
          .map((item) => withLicences(item, facts))
          .map((item) => withRemoval(item, facts)),
        ...[facts.model, ...facts.parts].map(modelComponent),
      ],
      dependencies: [
        ...found.dependencies.filter(({ ref }) => ref !== root),
        { ref: root, dependsOn: [facts.model, ...facts.parts].map(refOf) },
        ...[facts.model, ...facts.parts].map((model) => ({ ref: refOf(model) })),
      ],
    } as unknown as Json,
  )
}

/** syft saw no copyright file; the names in them are Debian's and seldom SPDX's. */
function withLicences<Component extends { name: string; purl?: string | undefined; licenses?: unknown }>(
  item: Component,
  { licences }: SbomFacts,
) {
  const found =
    item.purl?.startsWith('pkg:deb/') && item.licenses === undefined ? licences[item.name] : undefined
  return found ? { ...item, licenses: found.map((name) => ({ license: { name } })) } : item
}

/** `excluded` is CycloneDX's word for what is no part of the thing that is described. */
function withRemoval<Component extends { purl?: string | undefined; properties?: unknown }>(
  item: Component,
  facts: SbomFacts,
) {
  const removal = item.purl === undefined ? undefined : removalOf(item.purl, facts)
  if (removal === undefined) return item
  const { properties: known } = item
  const properties = [...(Array.isArray(known) ? known : []), { name: 'dev.ingot:contents', value: removal }]
  return { ...item, scope: 'excluded', properties }
}

function refOf({ key }: SbomModel): string {
  return key === '' ? 'model' : `model ${key}`
}

function lockedComponent(item: LockedPackage) {
  const { type, name, version, packageUrl } = item
  return {
    type: type === 'certificate' ? 'data' : type === 'files' ? 'application' : 'library',
    'bom-ref': `locked ${packageUrl}`,
    name,
    version,
    purl: packageUrl,
    properties: [{ name: 'dev.ingot:why', value: whyListed(item) }],
  }
}

function modelComponent(model: SbomModel) {
  const { name, revision, place, license, setDigest, files, isInside, card } = model
  return {
    type: 'machine-learning-model',
    'bom-ref': refOf(model),
    name,
    version: revision,
    ...(license && { licenses: [{ license: license.spdx ? { id: license.spdx } : { name: license.text } }] }),
    ...(place.startsWith('pkg:') && { purl: place }),
    hashes: [sha256(hexOf(setDigest))],
    ...(card !== undefined && { modelCard: modelCard(card) }),
    properties: [
      { name: 'dev.ingot:set-digest', value: setDigest },
      { name: 'dev.ingot:source', value: place },
      { name: 'dev.ingot:delivery', value: isInside ? 'in the image' : 'mounted beside it' },
    ],
    components: files.map(({ path, sizeBytes, sha256: hash }) => ({
      type: 'file',
      'bom-ref': `${refOf(model)} ${path}`,
      name: path,
      hashes: [sha256(hash)],
      properties: [{ name: 'dev.ingot:size-bytes', value: String(sizeBytes) }],
    })),
  }
}

/** CycloneDX has one task a model: the first, with all of them as a fact where there are several. */
function modelCard({ tasks, inputs, outputs, family, architecture, facts }: SbomModelCard) {
  const [task] = tasks
  const formats = (names: readonly string[]) => names.map((format) => ({ format }))
  const said = { ...facts, ...(tasks.length > 1 && { tasks: tasks.join(' ') }) }
  const properties = Object.entries(said).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    modelParameters: {
      ...(task !== undefined && { task }),
      ...(family !== undefined && { architectureFamily: family }),
      ...(architecture !== undefined && { modelArchitecture: architecture }),
      inputs: formats(inputs),
      outputs: formats(outputs),
    },
    properties: properties.map(([name, value]) => ({ name: `dev.ingot:${name}`, value })),
  }
}

function sha256(content: string) {
  return { alg: 'SHA-256', content }
}
