import { judgeFiles, judgeLoading } from '../../images/gate/files.ts'
import { interpreterOf, judgeImports, modulesOf } from '../../images/gate/imports.ts'
import { type GatePart, type GateResult, gateStatusOf } from '../../images/gate/result.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { FactoryLock } from '../../recipes/lock.ts'
import { pulledByDigest } from '../boot/harness.ts'
import { installedTree } from '../build/runtime.ts'
import type { Client } from '../process/session.ts'
import type { IndexSettings } from '../weights/python-index.ts'
import { type BootContext, bootParts, type GateImage } from './boots.ts'
import { tryImports } from './imports.ts'
import { compareTrees, type Trees } from './trees.ts'

export interface GateContext extends BootContext {
  client: Client
  settings: IndexSettings
  factory?: FactoryLock | undefined
  /** Port on loopback where the store is served as a registry. */
  registryPort: number
}

/** Compares a slimmed image with the stock build of the same lock. `plan` is the slimmed one's. */
export async function runGate(plan: ImagePlan, slim: GateImage, context: GateContext): Promise<GateResult> {
  const { client } = context
  const trees = {
    stock: await installedTree(client, plan, context),
    slim: pulledByDigest({ ...context, platform: plan.platform }, slim.image).rootfs(),
  }
  context.onStep('compare files with the stock image, and load every object of both')
  const compared = await compareTrees(client, trees, plan, context.factory)
  const ofFiles = [
    judgeFiles(compared, {
      rewrites: plan.slimming.rewriting !== undefined,
      ours: plan.settings.map(({ path }) => path),
    }),
    judgeLoading(compared),
    await importPart(client, trees, plan, context),
  ]
  const { stockImage, parts } = await bootParts(plan, slim, context)
  const all = [...ofFiles, ...parts]
  return { status: gateStatusOf(all), stockImage, parts: all }
}

async function importPart(
  client: Client,
  trees: Trees,
  plan: ImagePlan,
  { onStep }: GateContext,
): Promise<GatePart> {
  const python = interpreterOf(plan)
  // Nothing to import is nothing that could be missing.
  if (python === null)
    return { id: 'imports', status: 'passed', found: 'the engine is no Python program', details: [] }
  onStep('import the modules of both')
  const asked = { plan, python, modules: modulesOf(plan) }
  const stock = await tryImports(client, trees.stock, asked)
  return judgeImports(stock, await tryImports(client, trees.slim, asked))
}
