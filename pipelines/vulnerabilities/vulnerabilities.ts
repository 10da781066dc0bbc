import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { weightEntries } from '../../images/attribution/weight-files.ts'
import { cycloneDxVex } from '../../images/vulnerabilities/cyclonedx-vex.ts'
import { type JudgedFinding, judgeFindings } from '../../images/vulnerabilities/evidence.ts'
import type { VulnerabilityScan } from '../../images/vulnerabilities/finding.ts'
import { judgeVulnerabilities, type VulnerabilityVerdict } from '../../images/vulnerabilities/gate.ts'
import { openVex } from '../../images/vulnerabilities/openvex.ts'
import type { VulnerabilityPolicy } from '../../recipes/vulnerabilities.ts'
import { knownRuntime } from '../build/runtime.ts'
import type { BuiltImage } from '../catalogue/built-image.ts'
import { listLayer } from '../image-reader/layer.ts'
import { storedListings } from '../image-reader/listings.ts'
import { writeLayout } from '../sbom/layout.ts'
import type { Settings } from '../settings/settings.ts'
import { readBlob } from '../store/blobs.ts'
import type { Store } from '../store/store.ts'
import { type GrypeRequest, runGrype } from './grype.ts'

/** What is known to be vulnerable in an image, what of it slimming took, and what the recipe's limits make of that. */
export interface ImageVulnerabilities {
  scan: VulnerabilityScan
  findings: JudgedFinding[]
  verdict: VulnerabilityVerdict
  /** False where nobody kept what slimming took: then nothing can be proven. */
  hasEvidence: boolean
  /** Absent where nothing is proven away. */
  openVex?: string
  cycloneDxVex?: string
}

export interface VulnerabilitiesRequest {
  store: Store
  policy: VulnerabilityPolicy
  database: GrypeRequest['database']
  settings: Pick<Settings, 'programs'>
  signal?: AbortSignal
}

/**
 * Looks up the packages of a built image. Nothing is looked up in weights. Throws `no-tool`, `tool-failed`, `usage` and
 * `bad-findings`; findings that fail the recipe's limits are in the verdict.
 */
export async function vulnerabilitiesOf(
  built: BuiltImage,
  request: VulnerabilitiesRequest,
): Promise<ImageVulnerabilities> {
  const { store, policy, database, settings, signal } = request
  const { plan, report } = built
  const layers = report.layers.filter(({ part }) => part === 'runtime').map(({ digest }) => digest)
  const scratch = await mkdtemp(join(store.temporary, 'vulnerabilities-'))
  try {
    const layout = join(scratch, 'layout')
    await writeLayout(store, report.image, layers, layout)
    const scan = await runGrype({
      ...{ layout, name: plan.name, scratch, database, settings },
      ...(signal && { signal }),
    })
    const changes = (await knownRuntime(store, plan))?.changes
    const present = await presentPaths(store, built)
    const { code = [] } = policy
    const findings = judgeFindings(scan.findings, {
      changes: changes ?? { packages: [], removed: '' },
      present,
      code,
    })
    const verdict = judgeVulnerabilities({ scan, findings, policy, now: Date.now() })
    return { scan, findings, verdict, hasEvidence: changes !== undefined, ...vexOf(built, scan, findings) }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** A database of an unknown day has no time that a document could have. */
function vexOf(
  { plan, report }: BuiltImage,
  { databaseBuilt }: VulnerabilityScan,
  findings: readonly JudgedFinding[],
): Pick<ImageVulnerabilities, 'openVex' | 'cycloneDxVex'> {
  if (databaseBuilt === undefined) return {}
  const document = { image: { name: plan.name, digest: report.image }, findings, time: databaseBuilt }
  const [open, cycloneDx] = [openVex(document), cycloneDxVex(document)]
  return {
    ...(open !== undefined && { openVex: open }),
    ...(cycloneDx !== undefined && { cycloneDxVex: cycloneDx }),
  }
}

/** Every path that a layer of the image has, folders apart. What weights hold is known from the plan. */
async function presentPaths(store: Store, { plan, report }: BuiltImage): Promise<Set<string>> {
  const present = new Set<string>()
  const take = (entries: readonly { path: string; type: string }[]) => {
    for (const { path, type } of entries) if (type !== 'folder') present.add(path)
  }
  const listings = storedListings(store)
  for (const { part, digest } of report.layers) {
    if (part === 'weights') continue
    const known = await listings.get(digest, false)
    const reading = { what: `the layer ${digest}`, scratch: null }
    const entries = known ?? (await listLayer(readBlob(store, digest), reading))
    if (known === undefined) await listings.set(digest, false, entries)
    take(entries)
  }
  if (plan.weights.delivery === 'baked') for (const layer of plan.weights.layers) take(weightEntries(layer))
  return present
}
