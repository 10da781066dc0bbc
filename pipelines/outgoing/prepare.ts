import { type SignableModel, signableModels } from '../../images/oci/model-signature.ts'
import type { Descriptor } from '../../images/oci/oci.ts'
import { modelcarSbomFacts, sbomFactsOf } from '../../images/sbom/sbom.ts'
import { verdictText } from '../../images/vulnerabilities/text.ts'
import { knownRuntime } from '../build/runtime.ts'
import { imageOf, type OriginalImage } from '../catalogue/built-image.ts'
import { type Companion, companionsOf } from '../catalogue/companions.ts'
import { StageError } from '../error.ts'
import { recallLoadReport } from '../load/load-record.ts'
import { absenceOf, findHostTool } from '../process/host-tool.ts'
import type { Progress } from '../process/progress.ts'
import { type Sbom, sbomOf } from '../sbom/sbom.ts'
import type { WorkflowRun } from '../settings/settings.ts'
import type { Store } from '../store/store.ts'
import { vulnerabilitiesOf } from '../vulnerabilities/vulnerabilities.ts'
import { benchDocuments, documentsOf, type ImageDocument, sbomDocuments, vexDocuments } from './documents.ts'
import { openRescan, type RescanRequest } from './rescan.ts'

export interface PrepareRequest extends RescanRequest {
  isUnverified: boolean
  /** Named as the builder; absent where the build is somebody's own. */
  workflowRun?: WorkflowRun | undefined
  /** `required` fails without syft; `if-possible` says so and goes on. */
  sbom: 'required' | 'if-possible'
}

/** A built image and those beside it, each with everything that is said about it. */
export interface PreparedImage {
  built: OriginalImage
  image: Descriptor
  documents: ImageDocument[]
  companions: PreparedCompanion[]
  models: SignableModel[]
}

export interface PreparedCompanion extends Companion {
  documents: ImageDocument[]
}

/**
 * Everything that is said about an image and its companions, and a last search for secrets in all of it, before a byte leaves.
 * Throws `no-image`, `no-tool`, `tool-failed`, `secret-found`, `against-policy` and `vulnerable`.
 */
export async function prepareImage(built: OriginalImage, request: PrepareRequest): Promise<PreparedImage> {
  const { store, isUnverified, settings, workflowRun, sbom, onNotice } = request
  const image = await imageOf(store, built)
  const hasSbom = sbom === 'required' || (await findHostTool('syft', settings.programs)) !== undefined
  if (!hasSbom) onNotice(absenceOf('syft'))
  const rescan = await openRescan(built, request)
  const listed = hasSbom ? await builtSbom(built, request) : undefined
  const documents = [
    ...documentsOf(built, { isUnverified, workflowRun, sbom: listed }),
    ...benchDocuments(await recallLoadReport(store, built.report.image)),
    ...(await judgedVulnerabilities(built, request)),
  ]
  await rescan.image(documents)
  const companions: PreparedCompanion[] = []
  for (const companion of await companionsOf(store, built)) {
    const isListed = hasSbom && companion.programs.length > 0
    const own = isListed ? sbomDocuments(await companionSbom(built, companion, request)) : []
    await rescan.companion(companion, own)
    companions.push({ ...companion, documents: own })
  }
  const { recipe, lock } = built.origin
  return { built, image, documents, companions, models: signableModels(recipe.model.name, lock) }
}

/** What is proven away of the vulnerabilities of an image whose recipe has a word on them. Throws `vulnerable` beyond its limits. */
async function judgedVulnerabilities(
  built: OriginalImage,
  { store, settings, signal, onNotice }: PrepareRequest,
): Promise<ImageDocument[]> {
  const policy = built.origin.recipe.vulnerabilities
  if (policy === undefined) return []
  const found = await vulnerabilitiesOf(built, {
    ...{ store, policy, database: undefined, settings },
    ...(signal && { signal }),
  })
  if (found.verdict.status === 'failed') throw vulnerable(built, verdictText(found.verdict))
  for (const line of verdictText(found.verdict)) onNotice(`${built.plan.name}: ${line}`)
  return vexDocuments(built, found)
}

function vulnerable({ plan, report }: OriginalImage, lines: readonly string[]): StageError {
  return new StageError('vulnerable', {
    attempted: `let ${plan.name} leave within the limits of its recipe for known vulnerabilities`,
    found: lines.join('; '),
    hint: `see \`ingot vulnerabilities ${report.image}\`; take newer packages with \`ingot lock\`, or except one for a while in vulnerabilities.exceptions`,
  })
}

/** The same of several images, one after the other. Throws as `prepareImage` does. */
export async function prepareImages(
  built: readonly OriginalImage[],
  request: PrepareRequest,
  progress: Progress,
): Promise<PreparedImage[]> {
  const prepared: PreparedImage[] = []
  for (const image of built) {
    progress.step(`list and scan ${image.report.image}`)
    prepared.push(await prepareImage(image, request))
  }
  return prepared
}

type SbomContext = Pick<PrepareRequest, 'settings' | 'signal'> & { store: Store }

/** What a server's image is made of. Throws `no-tool` and `tool-failed`. */
export async function builtSbom(
  { origin, plan, report }: OriginalImage,
  { store, settings, signal }: SbomContext,
): Promise<Sbom> {
  const known = await knownRuntime(store, plan)
  const facts = sbomFactsOf(origin.recipe, origin.lock, report.image, {
    licences: known?.licences ?? {},
    packages: known?.changes?.packages ?? [],
  })
  const layers = report.layers.filter(({ part }) => part === 'runtime').map(({ digest }) => digest)
  return sbomOf({ store, facts, layers, settings, ...(signal && { signal }) })
}

/** What a companion with programs is made of. Throws `no-tool` and `tool-failed`. */
export async function companionSbom(
  { origin }: OriginalImage,
  { image, programs }: Companion,
  { store, settings, signal }: SbomContext,
): Promise<Sbom> {
  const facts = modelcarSbomFacts(origin.recipe, origin.lock, image.digest)
  return sbomOf({ store, facts, layers: programs, settings, ...(signal && { signal }) })
}
