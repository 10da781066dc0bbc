import { type Descriptor, describe, type Manifest, mediaTypes } from '../../images/oci.ts'
import { provenanceOf, type Statement, testResultOf } from '../../images/provenance.ts'
import { reportJson } from '../../images/report.ts'
import type { Digest } from '../../lib/digest.ts'
import { canonicalJson, type Json, prettyJson } from '../../lib/json.ts'
import { keepManifest } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import { writeBlobText } from '../store/write.ts'
import type { BuiltImage } from './built.ts'

const statementType = 'application/vnd.in-toto+json'
const reportType = 'application/vnd.dev.ingot.report.v1+json'

/** Stores what is known about an image as manifests that refer to it: provenance, and test result with the whole report. */
export async function storeAttachments(
  store: Store,
  built: BuiltImage,
  subject: Descriptor,
  isUnverified: boolean,
  environment: NodeJS.ProcessEnv,
): Promise<Descriptor[]> {
  const { loaded, lock, plan, report } = built
  const provenance = provenanceOf({
    recipe: loaded.recipe,
    lock,
    plan,
    report,
    isUnverified,
    ...builderOf(environment),
  })
  const test = testResultOf(report)
  return [
    await storeReferrer(store, subject, statementType, [await statementLayer(store, provenance)]),
    await storeReferrer(store, subject, reportType, [
      await statementLayer(store, test),
      await storeText(store, reportType, prettyJson(reportJson(report))),
    ]),
  ]
}

/** GitHub's own names of workflow and run; elsewhere the build was somebody's own. */
export function builderOf(environment: NodeJS.ProcessEnv): { builderId: string; invocationId?: string } {
  const { GITHUB_SERVER_URL, GITHUB_WORKFLOW_REF, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT } =
    environment
  if (!GITHUB_SERVER_URL || !GITHUB_WORKFLOW_REF) return { builderId: 'urn:dev.ingot:builder:local' }
  return {
    builderId: `${GITHUB_SERVER_URL}/${GITHUB_WORKFLOW_REF}`,
    invocationId: `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}/attempts/${GITHUB_RUN_ATTEMPT ?? 1}`,
  }
}

async function statementLayer(store: Store, statement: Statement): Promise<Descriptor> {
  // A statement holds JSON values only; interfaces without an index signature need the cast.
  const layer = await storeText(store, statementType, canonicalJson(statement as unknown as Json))
  return { ...layer, annotations: { 'in-toto.io/predicate-type': statement.predicateType } }
}

async function storeReferrer(
  store: Store,
  subject: Descriptor,
  artifactType: string,
  layers: Descriptor[],
): Promise<Descriptor> {
  const { mediaType, digest, size } = subject
  const config = await storeText(store, mediaTypes.empty, '{}')
  const manifest = describe(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType,
    config,
    layers,
    subject: { mediaType, digest, size },
  } satisfies Manifest)
  await writeBlobText(store, manifest.bytes)
  await keepManifest(store, manifest.descriptor)
  return { ...manifest.descriptor, artifactType }
}

async function storeText(store: Store, mediaType: string, text: string): Promise<Descriptor> {
  const blob: { digest: Digest; sizeBytes: number } = await writeBlobText(store, text)
  return { mediaType, digest: blob.digest, size: blob.sizeBytes }
}
