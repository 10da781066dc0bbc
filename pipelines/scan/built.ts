import { join } from 'node:path'
import type { AssembledImage, StoredLayer } from '../../images/oci/oci.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import { hasPublicPackages } from '../../images/plan/public-packages.ts'
import { reportMarkdown } from '../../images/report/markdown.ts'
import { type Report, reportJson } from '../../images/report/report.ts'
import type { ScanReport } from '../../images/report/scan-result.ts'
import { prettyJson } from '../../lib/json.ts'
import { knownSecrets } from '../../lib/known-secrets.ts'
import type { Lock } from '../../recipes/lock.ts'
import { setsOf, type WholeWeights } from '../../recipes/pinned-parts.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { stateFolder } from '../process/folders.ts'
import type { Run } from '../process/run.ts'
import { daggerSecrets } from '../process/secrets.ts'
import type { Store } from '../store/store.ts'
import type { SourceContext } from '../weights/source.ts'
import type { SecretContext } from '../weights/token.ts'
import { hubTokensOf } from './hub-token.ts'
import { secretsInFiles } from './logs.ts'
import { refuseSecrets, scanImage, secretsIn } from './scan.ts'
import { searchFolder, searchWeightLayers } from './weights.ts'

export interface ScanContext extends Run {
  store: Store
  recipeFolder: string
  settings: SecretContext['settings']
  /** Asked for secrets that only its providers read. */
  engine: Parameters<typeof daggerSecrets>[0]
}

export interface BuildScan {
  scan: ScanReport
  /** Searches what came into being after the layers: the report, and what the engine logged. Throws `secret-found`. */
  requireClean(report: Report): Promise<void>
}

export interface ScannedBuild {
  layers: readonly StoredLayer[]
  assembled: AssembledImage
  /** Recipe and lock, which the store keeps beside the image. */
  origin?: { recipe: Recipe; lock: Lock } | undefined
}

/** Scans an image before it gets a name. Throws `secret-found` and `against-policy`. */
export async function scanBuilt(
  plan: ImagePlan,
  weights: WholeWeights,
  { layers, assembled, origin }: ScannedBuild,
  { store, progress, recipeFolder, settings, signal, engine }: ScanContext,
): Promise<BuildScan> {
  progress.step(`scan ${layers.length} layers for secrets and against the policy`)
  const secrets = await secretsOf(weights, { recipeFolder, settings, engine })
  const searched = await searchWeightLayers(store, plan, secrets)
  const scan = await scanImage({
    store,
    weights: searched,
    name: plan.name,
    layers: layers.map(({ descriptor }) => descriptor),
    texts: {
      'config.json': assembled.config.bytes,
      'manifest.json': assembled.manifest.bytes,
      'plan.json': JSON.stringify(plan, null, 2),
      'weights.lock.json': JSON.stringify(weights, null, 2),
      ...(origin && {
        'recipe.json': JSON.stringify(origin.recipe),
        'lock.json': JSON.stringify(origin.lock),
      }),
    },
    policy: plan.policy,
    hasPublicPackages: hasPublicPackages(plan),
    secrets,
    settings,
    signal,
  })
  return {
    scan,
    async requireClean(report) {
      const texts = { 'report.json': prettyJson(reportJson(report)), 'report.md': reportMarkdown(report) }
      const logged = await secretsInFiles(join(stateFolder(), 'logs'), secrets)
      refuseSecrets(plan.name, [...secretsIn(texts, secrets), ...logged])
    },
  }
}

async function secretsOf(
  weights: WholeWeights,
  { recipeFolder, settings, engine }: Pick<ScanContext, 'recipeFolder' | 'settings' | 'engine'>,
) {
  const context = { recipeFolder, settings, resolveSecret: daggerSecrets(engine) }
  const sources = setsOf(weights).map((set) => set.weights.source)
  return knownSecrets(settings.programs.environment, await hubTokensOf(sources, context))
}

/** Looks into a folder of weights before any of it is packed. Throws `secret-found`. */
export async function requireCleanFolder(
  plan: ImagePlan,
  weights: WholeWeights,
  context: SourceContext,
): Promise<void> {
  const secrets = knownSecrets(context.settings.programs.environment)
  refuseSecrets(plan.name, (await searchFolder(plan, weights, secrets, context)).secrets)
}
