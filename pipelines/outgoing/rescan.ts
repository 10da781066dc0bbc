import { join } from 'node:path'
import { modelcarPolicy } from '../../images/plan/modelcar.ts'
import { hasPublicPackages } from '../../images/plan/public-packages.ts'
import type { ScanPolicy } from '../../images/plan/scan-policy.ts'
import type { ScanReport } from '../../images/report/scan-result.ts'
import type { Digest } from '../../lib/digest.ts'
import { messageOf } from '../../lib/error.ts'
import { prettyJson } from '../../lib/json.ts'
import { type KnownSecret, knownSecrets } from '../../lib/known-secrets.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { WeightsSource } from '../../recipes/weights.ts'
import type { OriginalImage } from '../catalogue/built-image.ts'
import type { Companion } from '../catalogue/companions.ts'
import type { Login } from '../network/login.ts'
import { stateFolder } from '../process/folders.ts'
import { absenceOf, findHostTool } from '../process/host-tool.ts'
import { hubTokensOf } from '../scan/hub-token.ts'
import { secretsInFiles } from '../scan/logs.ts'
import { refuseSecrets, scanImage, secretsIn } from '../scan/scan.ts'
import { searchWeightLayers, type WeightsSearch } from '../scan/weights.ts'
import { readBlobText } from '../store/blobs.ts'
import { readImageManifest } from '../store/image.ts'
import type { Store } from '../store/store.ts'
import type { SecretContext } from '../weights/token.ts'
import type { ImageDocument } from './documents.ts'

export interface RescanRequest {
  store: Store
  settings: SecretContext['settings']
  signal?: AbortSignal
  /** The registry's login: its password must be in nothing that is sent. */
  login?: Login | undefined
  /** Reads secrets that only Dagger's providers do. */
  resolveSecret?: ((uri: string) => Promise<string>) | undefined
  onNotice(text: string): void
}

/** Scans of what leaves; each throws `secret-found` and `against-policy`. */
export interface Rescan {
  /** The server's image with all that would go with it. */
  image(documents: readonly ImageDocument[]): Promise<ScanReport>
  /** A companion; undefined when it holds the model's own bytes and nothing else. */
  companion(companion: Companion, documents: readonly ImageDocument[]): Promise<ScanReport | undefined>
}

/** Learns what must not be found: the secrets of this run. */
export async function openRescan(built: OriginalImage, request: RescanRequest): Promise<Rescan> {
  const { origin, plan, report } = built
  const { settings, onNotice } = request
  if ((await findHostTool('gitleaks', settings.programs)) === undefined) onNotice(absenceOf('gitleaks'))
  const secrets = await secretsOf(built, request)
  const layers = report.layers.filter(({ part }) => part === 'weights').map(({ digest }) => digest)
  const weights = () => searchWeightLayers(request.store, plan, secrets, layers)
  const scan = async (one: ScannedImage) => scanOne({ ...request, ...one, secrets, weights: await weights() })
  return {
    async image(documents) {
      const runtime = report.layers.filter(({ part }) => part === 'runtime').map(({ digest }) => digest)
      const texts = {
        'recipe.json': JSON.stringify(origin.recipe, null, 2),
        'plan.json': JSON.stringify(plan, null, 2),
        'lock.json': prettyJson(origin.lock),
        ...textsOf(documents),
      }
      const { name, image } = report
      const seen = await scan({ name, image, layers: new Set(runtime), texts, ...rulesOf(plan) })
      refuseSecrets(report.name, await secretsInFiles(join(stateFolder(), 'logs'), secrets))
      return seen
    },
    async companion(companion, documents) {
      const name = `${report.name}-${companion.name}`
      const image = companion.image.digest
      const layers = new Set(companion.programs)
      const texts = textsOf(documents)
      if (layers.size > 0) return scan({ name, image, layers, policy: modelcarPolicy(plan.policy), texts })
      const inTexts = secretsIn({ ...(await ownTexts(request.store, image)), ...texts }, secrets)
      refuseSecrets(name, [...inTexts, ...(await weights()).secrets])
      return undefined
    },
  }
}

function rulesOf(plan: OriginalImage['plan']): Pick<ScannedImage, 'policy' | 'hasPublicPackages'> {
  return { policy: plan.policy, hasPublicPackages: hasPublicPackages(plan) }
}

interface ScannedImage {
  name: string
  image: Digest
  /** Layers that are read. */
  layers: ReadonlySet<Digest>
  policy: ScanPolicy
  texts: Record<string, string>
  hasPublicPackages?: boolean
}

type OneScan = RescanRequest & ScannedImage & { secrets: readonly KnownSecret[]; weights: WeightsSearch }

async function scanOne(one: OneScan) {
  const { store, name, image, layers, policy, texts, secrets, weights, settings, signal } = one
  const manifest = await readImageManifest(store, image)
  return scanImage({
    store,
    name,
    layers: manifest.layers.filter(({ digest }) => layers.has(digest)),
    texts: { ...(await ownTexts(store, image)), ...texts },
    policy,
    hasPublicPackages: one.hasPublicPackages ?? false,
    secrets,
    weights,
    settings,
    ...(signal && { signal }),
  })
}

/** What an image says besides its layers. */
async function ownTexts(store: Store, image: Digest): Promise<Record<string, string>> {
  const { config } = await readImageManifest(store, image)
  return {
    'config.json': await readBlobText(store, config.digest),
    'manifest.json': await readBlobText(store, image),
  }
}

async function secretsOf({ origin }: OriginalImage, request: RescanRequest): Promise<KnownSecret[]> {
  const { settings, login, resolveSecret, onNotice } = request
  const context = { recipeFolder: origin.folder, settings, ...(resolveSecret && { resolveSecret }) }
  const onUnread = (error: unknown) =>
    onNotice(`the Hub’s token is not searched for, as it cannot be read: ${messageOf(error)}`)
  return knownSecrets(settings.programs.environment, {
    'the registry’s login': passwordOf(login),
    ...(await hubTokensOf(sourcesOf(origin.recipe), context, onUnread)),
  })
}

function sourcesOf({ weights, parts }: Recipe): WeightsSource[] {
  return [weights.source, ...parts.flatMap(({ source }) => source ?? [])]
}

function textsOf(documents: readonly ImageDocument[]): Record<string, string> {
  return Object.fromEntries(documents.map(({ name, text }) => [`${name}.json`, text]))
}

function passwordOf(login: Login | undefined): string | undefined {
  if (login === undefined) return undefined
  if (login.type === 'identity') return login.reveal()
  return Buffer.from(login.reveal(), 'base64')
    .toString('utf8')
    .replace(/^[^:]*:/, '')
}
