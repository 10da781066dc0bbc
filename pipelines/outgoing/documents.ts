import { type LoadReport, loadReportJson } from '../../images/load/load-report.ts'
import { statementText } from '../../images/oci/attestation.ts'
import { documentTypes } from '../../images/oci/document-types.ts'
import {
  type InTotoStatement,
  predicateTypes,
  provenanceOf,
  testResultOf,
} from '../../images/report/provenance.ts'
import { reportJson } from '../../images/report/report.ts'
import { openVexType } from '../../images/vulnerabilities/openvex.ts'
import { canonicalJson, type Json, prettyJson } from '../../lib/json.ts'
import type { OriginalImage } from '../catalogue/built-image.ts'
import type { Sbom } from '../sbom/sbom.ts'
import type { WorkflowRun } from '../settings/settings.ts'
import type { ImageVulnerabilities } from '../vulnerabilities/vulnerabilities.ts'

/** One thing that is said about an image: how it lies beside it in a registry, and what a signature attests of it. */
export interface ImageDocument {
  name:
    | 'provenance'
    | 'test-result'
    | 'report'
    | 'bench'
    | 'sbom.spdx'
    | 'sbom.cyclonedx'
    | 'vex.openvex'
    | 'vex.cyclonedx'
  predicateType: string
  predicate: string
  mediaType: string
  /** The document as it is stored: a statement of in-toto, or the bare document where its kind has a media type. */
  text: string
}

/** Everything known about a built image. An SBOM is among it where one was made. */
export function documentsOf(
  { origin, plan, report }: OriginalImage,
  options: { isUnverified: boolean; workflowRun: WorkflowRun | undefined; sbom?: Sbom | undefined },
): ImageDocument[] {
  const { isUnverified, workflowRun, sbom } = options
  const { recipe, lock } = origin
  const provenance = provenanceOf({ recipe, lock, plan, report, isUnverified, ...builderOf(workflowRun) })
  const whole = prettyJson(reportJson(report))
  return [
    statementDocument('provenance', provenance),
    statementDocument('test-result', testResultOf(report)),
    {
      name: 'report',
      predicateType: predicateTypes.report,
      predicate: whole,
      mediaType: documentTypes.report,
      text: whole,
    },
    ...(sbom === undefined ? [] : sbomDocuments(sbom)),
  ]
}

/** What the bench said of an image, with each request; none where it was not there. */
export function benchDocuments(report: LoadReport | undefined): ImageDocument[] {
  if (report === undefined) return []
  const text = prettyJson(loadReportJson(report))
  const { bench: predicateType } = predicateTypes
  return [{ name: 'bench', predicateType, predicate: text, mediaType: documentTypes.bench, text }]
}

/** Both forms of a list of contents. */
export function sbomDocuments({ spdx, cycloneDx }: Sbom): ImageDocument[] {
  return [
    {
      name: 'sbom.spdx',
      predicateType: 'https://spdx.dev/Document',
      predicate: spdx,
      mediaType: documentTypes.spdx,
      text: spdx,
    },
    {
      name: 'sbom.cyclonedx',
      predicateType: cycloneDxType,
      predicate: cycloneDx,
      mediaType: documentTypes.cycloneDx,
      text: cycloneDx,
    },
  ]
}

/** What is proven away, as scanners read it. An unsigned OpenVEX is a statement of in-toto: so trivy finds it in a registry. */
export function vexDocuments(
  { plan, report }: Pick<OriginalImage, 'plan' | 'report'>,
  { openVex, cycloneDxVex }: Pick<ImageVulnerabilities, 'openVex' | 'cycloneDxVex'>,
): ImageDocument[] {
  const subject = { name: plan.name, digest: report.image }
  const open: ImageDocument[] =
    openVex === undefined
      ? []
      : [
          {
            name: 'vex.openvex',
            predicateType: openVexType,
            predicate: openVex,
            mediaType: documentTypes.statement,
            text: statementText(subject, openVexType, JSON.parse(openVex)),
          },
        ]
  if (cycloneDxVex === undefined) return open
  return [
    ...open,
    {
      name: 'vex.cyclonedx',
      predicateType: cycloneDxType,
      predicate: cycloneDxVex,
      mediaType: documentTypes.cycloneDx,
      text: cycloneDxVex,
    },
  ]
}

const cycloneDxType = 'https://cyclonedx.org/bom'

function statementDocument(name: ImageDocument['name'], statement: InTotoStatement): ImageDocument {
  return {
    name,
    predicateType: statement.predicateType,
    // A statement holds JSON values only; interfaces without an index signature need the cast.
    predicate: canonicalJson(statement.predicate as unknown as Json),
    mediaType: documentTypes.statement,
    text: canonicalJson(statement as unknown as Json),
  }
}

/** GitHub's own names of workflow and run; elsewhere the build was somebody's own. */
export function builderOf(run: WorkflowRun | undefined): { builderId: string; invocationId?: string } {
  if (run === undefined) return { builderId: 'urn:dev.ingot:builder:local' }
  return { builderId: run.workflow, invocationId: run.run }
}
