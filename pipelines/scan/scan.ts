import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Descriptor } from '../../images/oci/oci.ts'
import { breachesOf, findingsOf, type ScannedEntry, type ScanPolicy } from '../../images/plan/scan-policy.ts'
import { excuse, excuseForms, type ScanReport, type SecretFinding } from '../../images/report/scan-result.ts'
import { type KnownSecret, masked } from '../../lib/known-secrets.ts'
import { withoutTokens } from '../../lib/token-forms.ts'
import { StageError } from '../error.ts'
import { findHostTool } from '../process/host-tool.ts'
import type { Settings } from '../settings/settings.ts'
import type { Store } from '../store/store.ts'
import { type ContentFinding, findingsIn, searchContent } from './content.ts'
import { keepText, searchRules } from './gitleaks.ts'
import { visitLayer } from './layer.ts'
import type { WeightsSearch } from './weights.ts'

export interface ScanRequest {
  store: Store
  /** What is scanned, for messages. */
  name: string
  /** Layers of the runtime. */
  layers: readonly Descriptor[]
  /** Config with its history, plan, lock, reports: whatever else leaves this machine, by name. */
  texts: Readonly<Record<string, string>>
  policy: ScanPolicy
  secrets: readonly KnownSecret[]
  /** Whether the image's Python packages are the engine's own, as published. */
  hasPublicPackages?: boolean
  /** What was seen in the weights, whose layers are not unpacked here. */
  weights?: WeightsSearch
  settings: Pick<Settings, 'programs'>
  signal?: AbortSignal
}

/**
 * Reads the finished layers once. Throws `secret-found` for any secret of the run, and any that gitleaks' rules find where
 * that program is; `against-policy` for what the recipe's policy does not allow.
 */
export async function scanImage(request: ScanRequest): Promise<ScanReport> {
  const { store, name, policy, secrets, weights, settings, signal } = request
  const gitleaks = await findHostTool('gitleaks', settings.programs)
  const scratch = await mkdtemp(join(store.temporary, 'scan-'))
  try {
    const folder = gitleaks === undefined ? undefined : join(scratch, 'files')
    const seen = await readAll(request, folder)
    const ruled =
      gitleaks === undefined || folder === undefined
        ? []
        : await searchRules(gitleaks, folder, { programs: settings.programs, ...(signal && { signal }) })
    const { secrets: byRule, excused } = excuse(ruled.map(inImage), policy)
    const forms = excuseForms(seen.forms, policy, request.hasPublicPackages ?? false)
    refuseSecrets(name, [...seen.secrets, ...forms.secrets, ...byRule, ...(weights?.secrets ?? [])])
    const found = findingsOf(seen.entries)
    refuseBreaches(name, breachesOf(found, policy))
    return {
      ...found,
      entries: seen.entries.length,
      sizeBytes: seen.sizeBytes,
      ...(weights && { weightFiles: weights.files }),
      shellReasons: found.shells.length > 0 ? policy.shells : [],
      searchedFor: secrets.map(({ origin }) => origin),
      gitleaks: gitleaks !== undefined,
      excused: [...excused, ...forms.excused, ...(weights?.excused ?? [])],
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

interface SeenContents {
  entries: ScannedEntry[]
  sizeBytes: number
  secrets: SecretFinding[]
  /** Tokens and keys that are nobody's in particular, by their form. */
  forms: { path: string; what: string }[]
}

async function readAll(
  { store, layers, texts, secrets }: ScanRequest,
  folder: string | undefined,
): Promise<SeenContents> {
  const seen: SeenContents = { entries: [], sizeBytes: 0, secrets: secretsIn(texts, secrets), forms: [] }
  if (folder !== undefined) await mkdir(folder)
  for (const [index, layer] of layers.entries())
    await visitLayer(store, layer, async (entry, content) => {
      seen.entries.push(entry)
      const named = findingsIn(`${entry.path}\n${entry.linkTarget ?? ''}`, secrets)
      const search = searchContent(secrets)
      const path = withoutTokens(masked(entry.path, secrets))
      const keep = ({ of, what }: ContentFinding) =>
        of === 'run' ? ofRun.add(what) : seen.forms.push({ path, what })
      const ofRun = new Set<string>()
      named.forEach(keep)
      const place = folder === undefined ? undefined : join(folder, `layer-${index}`)
      await keepText(content, entry.path, place, (piece) => {
        seen.sizeBytes += piece.length
        search(piece).forEach(keep)
      })
      for (const what of ofRun) seen.secrets.push({ where: path, what })
    })
  if (folder !== undefined)
    for (const [name, text] of Object.entries(texts))
      await keepText(one(text), name, join(folder, 'documents'), () => {})
  return seen
}

/** Secrets of the run in documents, and tokens by their form. */
export function secretsIn(
  texts: Readonly<Record<string, string>>,
  secrets: readonly KnownSecret[],
): SecretFinding[] {
  return Object.entries(texts).flatMap(([where, text]) =>
    findingsIn(text, secrets).map(({ what }) => ({ where, what })),
  )
}

/** Below `layer-N` lie paths of the image, below `documents` names of ours. */
function inImage<Finding extends { path: string }>(finding: Finding): Finding {
  return { ...finding, path: finding.path.replace(/^layer-\d+/, '').replace(/^documents\//, '') }
}

/** Throws `secret-found` with where they are, and nothing of what they are. */
export function refuseSecrets(name: string, found: readonly SecretFinding[]): void {
  if (found.length === 0) return
  const shown = found.slice(0, 20).map(({ where, what }) => `${where}: ${what}`)
  throw new StageError('secret-found', {
    attempted: `scan ${name} for secrets`,
    found: [...shown, ...(found.length > 20 ? [`and ${found.length - 20} more`] : [])].join('\n  '),
    hint: 'nothing was named or sent. Take the secret out of what put it there and renew it, since the store holds it now; a file that gitleaks takes for more than it is goes into image.policy.allowSecrets, and a variable whose value is no secret can be unset for the run',
  })
}

function refuseBreaches(name: string, breaches: readonly { found: string; hint: string }[]): void {
  if (breaches.length === 0) return
  throw new StageError('against-policy', {
    attempted: `scan ${name} against the recipe’s policy`,
    found: breaches.map(({ found }) => found).join('\n  '),
    hint: breaches.map(({ hint }) => hint).join('; '),
  })
}

async function* one(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
