import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { completeCycloneDx } from '../../images/sbom/cyclonedx.ts'
import type { SbomFacts } from '../../images/sbom/sbom.ts'
import { completeSpdx } from '../../images/sbom/spdx.ts'
import { type Digest, digestOf, hexOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import { requireHostTool, runTool } from '../process/host-tool.ts'
import type { Settings } from '../settings/settings.ts'
import { readCache, writeRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { writeLayout } from './layout.ts'

/** Both forms as canonical JSON: the same image, lock and syft give the same bytes. */
export interface Sbom {
  spdx: string
  cycloneDx: string
}

export interface SbomRequest {
  store: Store
  /** What is said of the image whatever syft finds; its digest among it. */
  facts: SbomFacts
  /** Layers that syft reads: those with programs. */
  layers: readonly Digest[]
  settings: Pick<Settings, 'programs'>
  signal?: AbortSignal
}

const kind = 'sbom'
const record = z.object({ spdx: z.string(), cycloneDx: z.string() })

/**
 * The SBOM of an image, by syft on its finished tree. No weight is read: the model's hashes are those of the lock. Made once
 * for each image, lock and version of syft. Throws `no-tool` and `tool-failed`.
 */
export async function sbomOf(request: SbomRequest): Promise<Sbom> {
  const { store, facts, settings } = request
  const syft = await requireHostTool('syft', settings.programs)
  const attempted = `list the packages of ${facts.name} with syft`
  const version = await runTool(syft, ['--version'], {
    environment: settings.programs.environment,
    attempted,
  })
  // Plain data; interfaces without an index signature need the cast.
  const key = hexOf(digestOf(canonicalJson({ facts, version, form: 1 } as unknown as Json)))
  const known = record.safeParse(await readCache(store, kind, key))
  if (known.success) return known.data
  const listed = await runSyft(syft, request, attempted)
  const sbom = {
    spdx: completeSpdx(listed.spdx, facts),
    cycloneDx: completeCycloneDx(listed.cycloneDx, facts),
  }
  await writeRecord(store, kind, key, { ...sbom })
  return sbom
}

async function runSyft(
  syft: string,
  { store, facts, layers, settings, signal }: SbomRequest,
  attempted: string,
): Promise<Sbom> {
  const scratch = await mkdtemp(join(store.temporary, 'sbom-'))
  try {
    const layout = join(scratch, 'layout')
    await writeLayout(store, facts.image, layers, layout)
    const [spdx, cycloneDx] = [join(scratch, 'spdx.json'), join(scratch, 'cyclonedx.json')]
    await runTool(
      syft,
      [
        ...['scan', `oci-dir:${layout}`, '--quiet'],
        ...['--source-name', facts.name, '--source-version', facts.image],
        ...['--output', `spdx-json@2.3=${spdx}`, '--output', `cyclonedx-json@1.6=${cycloneDx}`],
      ],
      {
        // syft asks the network only whether it is the newest, and unpacks into TMPDIR.
        environment: {
          ...settings.programs.environment,
          SYFT_CHECK_FOR_APP_UPDATE: 'false',
          TMPDIR: scratch,
        },
        attempted,
        ...(signal && { signal }),
      },
    )
    return { spdx: await readFile(spdx, 'utf8'), cycloneDx: await readFile(cycloneDx, 'utf8') }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
