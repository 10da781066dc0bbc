import type { BootReport } from '../../images/boot/boot-report.ts'
import {
  judgeAnswers,
  judgeMissing,
  judgeStartUp,
  mostStartUpRatio,
  startUpOf,
} from '../../images/gate/boots.ts'
import { type CacheReading, judgePtx } from '../../images/gate/ptx.ts'
import { type GatePart, notRun, skipped } from '../../images/gate/result.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Digest } from '../../lib/digest.ts'
import type { ImageMount, Runner } from '../boot/runner.ts'
import { isOnSoftware } from '../verify/device.ts'
import type { VerifyPlan } from '../verify/planned-boots.ts'
import { verifyImage } from '../verify/verify.ts'
import { watchComputeCache } from './watch.ts'

/** An image in the store with what it needs to boot. */
export interface GateImage {
  image: Digest
  mounts: readonly ImageMount[]
}

export interface BootContext {
  runner: Runner
  /** The image of `stockPlanOf(plan)`; asked for only when it can be booted. */
  stock(): Promise<GateImage>
  /** Libraries of the slimmed image that lost GPU code, to be named where it may be the cause. */
  cutLibraries: readonly string[]
  onStep(text: string): void
  signal: AbortSignal
}

/** What the boots read of a plan. */
type BootPlan = VerifyPlan & Pick<ImagePlan, 'slimming'>

/** Boots of either image in turns, so that neither has the warmer machine. */
const leastRounds = 2
const mostRounds = 5

/** Boots both images and compares answers, start-up and, with GPUs, what the driver compiles. */
export async function bootParts(
  plan: BootPlan,
  slim: GateImage,
  context: BootContext,
): Promise<{ stockImage: Digest | null; parts: GatePart[] }> {
  const needsGpu = plan.requires !== undefined && !isOnSoftware(plan, context.runner)
  if (needsGpu && context.runner.gpus === 0) {
    const why = 'it needs a GPU; on a host that has one: `ingot gate RECIPE --runner docker --gpus all`'
    return {
      stockImage: null,
      parts: (['answers', 'start-up', 'missing', 'ptx'] as const).map((id) => notRun(id, why)),
    }
  }
  const stock = await context.stock()
  const seen: Record<'stock' | 'slim', SeenBoots> = {
    stock: { boots: [], caches: [] },
    slim: { boots: [], caches: [] },
  }
  const bootOnce = async (which: 'stock' | 'slim') => {
    const { image, mounts } = which === 'stock' ? stock : slim
    const { boots, caches } = seen[which]
    const runner = watchComputeCache(context.runner, (reading) => caches.push(reading))
    boots.push(...(await verifyImage(image, withoutProbes(plan), { ...context, runner, mounts })))
  }
  for (let round = 0; round < leastRounds || (round < mostRounds && isSlower(seen)); round += 1) {
    context.onStep(`boot both images, round ${round + 1}`)
    const turns = round % 2 === 0 ? (['slim', 'stock'] as const) : (['stock', 'slim'] as const)
    for (const which of turns) await bootOnce(which)
  }
  return { stockImage: stock.image, parts: partsOfBoots(seen.stock, seen.slim, plan, context) }
}

interface SeenBoots {
  boots: BootReport[]
  caches: CacheReading[]
}

function partsOfBoots(stock: SeenBoots, slim: SeenBoots, plan: BootPlan, context: BootContext): GatePart[] {
  const causes = { targets: plan.slimming.rewriting?.targets ?? 'any', cut: context.cutLibraries } as const
  return [
    judgeAnswers(stock.boots, slim.boots),
    judgeStartUp(stock.boots, slim.boots),
    judgeMissing(stock.boots, slim.boots),
    plan.requires === undefined || plan.requires.api !== undefined
      ? skipped(
          'ptx',
          plan.requires === undefined
            ? 'the image computes on the CPU, where no driver compiles'
            : 'PTX is for GPUs of NVIDIA by CUDA alone',
        )
      : judgePtx(stock, slim, causes),
  ]
}

/** More boots make the medians better; a start that really is slower stays so. */
function isSlower({ stock, slim }: Record<'stock' | 'slim', SeenBoots>): boolean {
  const startUp = startUpOf(stock.boots, slim.boots)
  return startUp !== null && startUp.ratio > mostStartUpRatio
}

/** Start and greedy answers only: what the server does with other questions, and how it ends, its own verification tries. */
function withoutProbes(plan: BootPlan): BootPlan {
  const { verify } = plan
  const { busy: _, ...stop } = verify.behaviour.stop
  return {
    ...plan,
    verify: {
      ...verify,
      profiles: verify.profiles.slice(0, 1),
      behaviour: { ...verify.behaviour, probes: [], stop },
    },
  }
}
