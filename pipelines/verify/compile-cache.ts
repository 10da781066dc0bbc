import type { CheckResult } from '../../images/boot/check-result.ts'
import { judgeCompileCache } from '../../images/boot/compile-cache-check.ts'
import type { CompileCachePlan } from '../../images/plan/compile-cache.ts'
import type { Trial } from './trial.ts'

/** Whether a server that is ready used the code that its image brought; no check where the plan has none. */
export async function compileCacheChecks(
  { server, clock }: Pick<Trial, 'server' | 'clock'>,
  plan: CompileCachePlan | undefined,
): Promise<CheckResult[]> {
  if (plan === undefined) return []
  const beganMs = clock.now()
  const seen = { log: await server.log(), added: await server.compiledFiles(plan.folders) }
  return [
    {
      id: 'compile-cache',
      group: 'start',
      title: 'what the engine compiles comes with the image',
      // A server that compiles is slow to start, and right all the same.
      required: false,
      expected: 'nothing is compiled, or the code is not for this processor',
      ...judgeCompileCache(seen, plan),
      beganMs,
      durationMs: Math.round((clock.now() - beganMs) * 10) / 10,
    },
  ]
}
