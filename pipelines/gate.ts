import { judgeAnswers, judgeStartUp, mostStartUpRatio, startUpOf } from '../images/gate/boots.ts'
import { judgeFiles, judgeLoading } from '../images/gate/files.ts'
import { interpreterOf, judgeImports, modulesOf } from '../images/gate/imports.ts'
import { type GatePart, type GateResult, gateStatusOf, notRun } from '../images/gate/result.ts'
import type { ImagePlan } from '../images/plan.ts'
import type { BootReport } from '../images/report.ts'
import type { Digest } from '../lib/digest.ts'
import { pulledByDigest } from './boot/dagger.ts'
import type { Runner, WeightsMount } from './boot/runner.ts'
import { tryImports } from './gate/imports.ts'
import { compareTrees, type Trees } from './gate/trees.ts'
import { installedTree } from './runtime.ts'
import type { Client } from './session.ts'
import { verifyImage } from './verify.ts'

/** An image in the store with what it needs to boot. */
export interface GateImage {
  image: Digest
  mounts: readonly WeightsMount[]
}

export interface GateContext {
  client: Client
  environment: NodeJS.ProcessEnv
  /** Port on loopback where the store is served as a registry. */
  registryPort: number
  runner: Runner
  /** The image of `stockPlanOf(plan)`; asked for only when it can be booted. */
  stock(): Promise<GateImage>
  onStep(text: string): void
  signal: AbortSignal
}

/** Compares a slimmed image with the stock build of the same lock. `plan` is the slimmed one's. */
export async function runGate(plan: ImagePlan, slim: GateImage, context: GateContext): Promise<GateResult> {
  const { client } = context
  const trees = {
    stock: await installedTree(client, plan, context.environment),
    slim: pulledByDigest({ ...context, platform: plan.platform }, slim.image).rootfs(),
  }
  context.onStep('compare files with the stock image, and load every object of both')
  const compared = await compareTrees(client, trees, plan)
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

/** Boots of either image in turns, so that neither has the warmer machine. */
const leastRounds = 2
const mostRounds = 5

async function bootParts(
  plan: ImagePlan,
  slim: GateImage,
  context: GateContext,
): Promise<{ stockImage: Digest | null; parts: GatePart[] }> {
  if (plan.requires !== undefined && context.runner.gpus === 0) {
    const why = 'it needs a GPU; on a host that has one: `ingot gate RECIPE --runner docker --gpus all`'
    return { stockImage: null, parts: [notRun('answers', why), notRun('start-up', why)] }
  }
  const stock = await context.stock()
  const boots: Record<'stock' | 'slim', BootReport[]> = { stock: [], slim: [] }
  const bootOnce = async (which: 'stock' | 'slim') => {
    const { image, mounts } = which === 'stock' ? stock : slim
    boots[which].push(...(await verifyImage(image, withoutProbes(plan), { ...context, mounts })))
  }
  for (let round = 0; round < leastRounds || (round < mostRounds && isSlower(boots)); round += 1) {
    context.onStep(`boot both images, round ${round + 1}`)
    const turns = round % 2 === 0 ? (['slim', 'stock'] as const) : (['stock', 'slim'] as const)
    for (const which of turns) await bootOnce(which)
  }
  return {
    stockImage: stock.image,
    parts: [judgeAnswers(boots.stock, boots.slim), judgeStartUp(boots.stock, boots.slim)],
  }
}

/** More boots make the medians better; a start that really is slower stays so. */
function isSlower({ stock, slim }: Record<'stock' | 'slim', BootReport[]>): boolean {
  const startUp = startUpOf(stock, slim)
  return startUp !== null && startUp.ratio > mostStartUpRatio
}

/** Start and greedy answers only: what the server does with other questions, its own verification asks. */
function withoutProbes(plan: ImagePlan): ImagePlan {
  const { verify } = plan
  return {
    ...plan,
    verify: {
      ...verify,
      profiles: verify.profiles.slice(0, 1),
      behaviour: { ...verify.behaviour, probes: [] },
    },
  }
}
