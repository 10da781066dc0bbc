import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Descriptor } from '../../images/oci.ts'
import { excuse, type ScanReport, type SecretFinding } from '../../images/scan.ts'
import { breachesOf, findingsOf, type ScannedEntry, type ScanPolicy } from '../../images/scan-policy.ts'
import { StageError } from '../error.ts'
import { findHostTool } from '../host-tool.ts'
import type { Store } from '../store/store.ts'
import { keepText, searchRules } from './gitleaks.ts'
import { visitLayer } from './layer.ts'
import { type KnownSecret, masked, searchSecrets } from './secrets.ts'

export interface ScanRequest {
  store: Store
  /** What is scanned, for messages. */
  name: string
  /** Layers of the runtime; weights are the model's own bytes, checked against their lock. */
  layers: readonly Descriptor[]
  /** Config with its history, plan, lock, reports: whatever else leaves this machine, by name. */
  texts: Readonly<Record<string, string>>
  policy: ScanPolicy
  secrets: readonly KnownSecret[]
  environment: NodeJS.ProcessEnv
  signal?: AbortSignal
}

/**
 * Reads the finished layers once. Throws `secret-found` for any secret of the run, and any that gitleaks' rules find where
 * that program is; `against-policy` for what the recipe's policy does not allow.
 */
export async function scanImage(request: ScanRequest): Promise<ScanReport> {
  const { store, name, policy, secrets, environment, signal } = request
  const gitleaks = await findHostTool('gitleaks', environment)
  const scratch = await mkdtemp(join(store.temporary, 'scan-'))
  try {
    const folder = gitleaks === undefined ? undefined : join(scratch, 'files')
    const seen = await readAll(request, folder)
    const ruled =
      gitleaks === undefined || folder === undefined
        ? []
        : await searchRules(gitleaks, folder, { environment, ...(signal && { signal }) })
    const { secrets: byRule, excused } = excuse(ruled.map(inImage), policy)
    refuseSecrets(name, [...seen.secrets, ...byRule])
    const found = findingsOf(seen.entries)
    refuseBreaches(name, breachesOf(found, policy))
    return {
      ...found,
      entries: seen.entries.length,
      sizeBytes: seen.sizeBytes,
      shellReasons: found.shells.length > 0 ? policy.shells : [],
      searchedFor: secrets.map(({ origin }) => origin),
      gitleaks: gitleaks !== undefined,
      excused,
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

interface Seen {
  entries: ScannedEntry[]
  sizeBytes: number
  secrets: SecretFinding[]
}

async function readAll(
  { store, layers, texts, secrets }: ScanRequest,
  folder: string | undefined,
): Promise<Seen> {
  const seen: Seen = { entries: [], sizeBytes: 0, secrets: secretsIn(texts, secrets) }
  if (folder !== undefined) await mkdir(folder)
  for (const [index, layer] of layers.entries())
    await visitLayer(store, layer, async (entry, content) => {
      seen.entries.push(entry)
      const forms = new Set(searchSecrets(secrets)(Buffer.from(`${entry.path}\n${entry.linkTarget ?? ''}`)))
      const search = searchSecrets(secrets)
      const place = folder === undefined ? undefined : join(folder, `layer-${index}`)
      await keepText(content, entry.path, place, (piece) => {
        seen.sizeBytes += piece.length
        for (const form of search(piece)) forms.add(form)
      })
      for (const what of forms) seen.secrets.push({ where: masked(entry.path, secrets), what })
    })
  if (folder !== undefined)
    for (const [name, text] of Object.entries(texts))
      await keepText(one(text), name, join(folder, 'documents'), () => {})
  return seen
}

/** Secrets of the run in documents. */
export function secretsIn(
  texts: Readonly<Record<string, string>>,
  secrets: readonly KnownSecret[],
): SecretFinding[] {
  return Object.entries(texts).flatMap(([where, text]) =>
    searchSecrets(secrets)(Buffer.from(text)).map((what) => ({ where, what })),
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
