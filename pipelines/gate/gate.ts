import type { Deployment } from '../../images/engines/engine.ts'
import { judgeFiles, judgeLoading } from '../../images/gate/files.ts'
import { flagsOf, judgeFlags } from '../../images/gate/flags.ts'
import { interpreterOf, judgeImports, modulesOf } from '../../images/gate/imports.ts'
import { type GatePart, type GateResult, gateStatusOf } from '../../images/gate/result.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { FactoryLock } from '../../recipes/lock.ts'
import { pulledByDigest } from '../boot/harness.ts'
import { installedTree } from '../build/runtime.ts'
import type { Client } from '../process/session.ts'
import type { IndexSettings } from '../weights/python-index.ts'
import { type BootContext, bootParts, type GateImage } from './boots.ts'
import { printHelp } from './flags.ts'
import { tryImports } from './imports.ts'
import { serverContainer } from './server-container.ts'
import { compareTrees, type Trees } from './trees.ts'

export interface GateContext extends BootContext {
  client: Client
  settings: IndexSettings
  factory?: FactoryLock | undefined
  /** What recipe and lock ask of the engine. */
  deployment: Deployment
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
    await flagPart(trees, plan, context),
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

/** Asks the slimmed image alone: what its server does not know, it does not know in stock either. */
async function flagPart({ slim }: Trees, plan: ImagePlan, context: GateContext): Promise<GatePart> {
  const { client, deployment, onStep } = context
  const help = deployment.engine.help(deployment)
  if (help === null) return judgeFlags([], null)
  onStep('ask the server which flags it knows')
  const printed = await printHelp(serverContainer(client, slim, plan), help)
  return judgeFlags(flagsOf(deployment.engine.command(deployment), help), printed)
}
