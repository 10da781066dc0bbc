import { join } from 'node:path'
import type { ScanReport } from '../../images/scan.ts'
import { prettyJson } from '../../lib/json.ts'
import { stateFolder } from '../commands/command.ts'
import { absenceOf, findHostTool } from '../host-tool.ts'
import type { Login } from '../network/login.ts'
import { type Sbom, sbomOf } from '../sbom/sbom.ts'
import { secretsInFiles } from '../scan/logs.ts'
import { refuseSecrets, scanImage } from '../scan/scan.ts'
import { hubTokenOf, knownSecrets } from '../scan/secrets.ts'
import { readBlobText } from '../store/blobs.ts'
import { readImageManifest } from '../store/image.ts'
import type { Store } from '../store/store.ts'
import { documentsOf, type ImageDocument } from './documents.ts'
import type { BuiltImage } from './image.ts'

export interface PrepareRequest {
  store: Store
  isUnverified: boolean
  /** `required` fails without syft; `if-possible` says so and goes on. */
  sbom: 'required' | 'if-possible'
  environment: NodeJS.ProcessEnv
  signal?: AbortSignal
  /** The registry's login: its password must be in nothing that is sent. */
  login?: Login | undefined
  onNotice(text: string): void
}

/**
 * Everything that is said about an image, and a last search for secrets in it and in the image, before a byte leaves.
 * Throws `no-tool`, `tool-failed`, `secret-found` and `against-policy`.
 */
export async function prepareDocuments(image: BuiltImage, request: PrepareRequest): Promise<ImageDocument[]> {
  const { isUnverified, environment } = request
  const sbom = await sbomFor(image, request)
  const documents = documentsOf(image, { isUnverified, environment, sbom })
  await scanAgain(image, documents, request)
  return documents
}

async function sbomFor(
  { loaded, plan, lock, report }: BuiltImage,
  { store, sbom, environment, signal, onNotice }: PrepareRequest,
): Promise<Sbom | undefined> {
  if (sbom === 'if-possible' && (await findHostTool('syft', environment)) === undefined) {
    onNotice(absenceOf('syft'))
    return undefined
  }
  return sbomOf({ store, recipe: loaded.recipe, plan, lock, report, environment, ...(signal && { signal }) })
}

/** Scans an image of the store with everything that would go with it. Throws `secret-found` and `against-policy`. */
export async function scanAgain(
  { loaded, lock, plan, report }: BuiltImage,
  documents: readonly ImageDocument[],
  request: Pick<PrepareRequest, 'store' | 'environment' | 'signal' | 'login' | 'onNotice'>,
): Promise<ScanReport> {
  const { store, environment, signal, login, onNotice } = request
  if ((await findHostTool('gitleaks', environment)) === undefined) onNotice(absenceOf('gitleaks'))
  const secrets = knownSecrets(environment, {
    'the registry’s login': passwordOf(login),
    'weights.source.token': await hubTokenOf(loaded.recipe.weights.source, {
      recipeFolder: loaded.folder,
      environment,
    }),
  })
  const manifest = await readImageManifest(store, report.image)
  const runtime = new Set(report.layers.filter(({ part }) => part === 'runtime').map(({ digest }) => digest))
  const scan = await scanImage({
    store,
    name: report.name,
    layers: manifest.layers.filter(({ digest }) => runtime.has(digest)),
    texts: {
      'config.json': await readBlobText(store, manifest.config.digest),
      'manifest.json': await readBlobText(store, report.image),
      'recipe.json': JSON.stringify(loaded.recipe, null, 2),
      'plan.json': JSON.stringify(plan, null, 2),
      'lock.json': prettyJson(lock),
      ...Object.fromEntries(documents.map(({ name, text }) => [`${name}.json`, text])),
    },
    policy: plan.policy,
    secrets,
    environment,
    ...(signal && { signal }),
  })
  refuseSecrets(report.name, await secretsInFiles(join(stateFolder(), 'logs'), secrets))
  return scan
}

function passwordOf(login: Login | undefined): string | undefined {
  if (login === undefined) return undefined
  if (login.type === 'identity') return login.token
  return Buffer.from(login.basic, 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '')
}
