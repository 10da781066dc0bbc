import { join } from 'node:path'
import { expect } from 'vitest'
import { bootProfiles } from '../../images/boot/runtime-spec.ts'
import { standInBoot } from '../../images/boot/stand-in.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import { optional } from '../../lib/optional.ts'
import { daggerRunner } from '../../pipelines/boot/dagger.ts'
import type { BootedServer } from '../../pipelines/boot/runner.ts'
import { lazyEngine } from '../../pipelines/process/session.ts'
import { serveStore } from '../../pipelines/registry-server/server.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { readRecord } from '../../pipelines/store/record.ts'
import { newKey } from '../../pipelines/verify/access.ts'
import { usualLimits } from '../../pipelines/verify/limits.ts'
import { waitUntilReady } from '../../pipelines/verify/readiness.ts'
import { inTurn } from '../../pipelines/verify/turn.ts'
import type { Workplace } from './ingot.ts'

/**
 * Boots an image that `ingot build` stored under the hostile profile and gives its address once it is ready; with the driver that stands in
 * where its report was made so.
 */
export async function withBooted<Result>(
  place: Workplace,
  report: Report,
  use: (url: string, key: string | null, server: BootedServer) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(place.store)
  const registry = await serveStore(store, {})
  const engine = lazyEngine(readSettings(process.env), join(place.folder, 'engine.log'))
  try {
    // `ingot build` stored it.
    const plan = (await readRecord(store, 'plan', report.plan)) as ImagePlan
    const [profile] = bootProfiles(['hostile'], plan.sharedMemoryBytes)
    if (profile === undefined) throw new Error('no profile')
    const client = await engine.client()
    const runner = daggerRunner({ client, store, registryPort: registry.port, platform: plan.platform })
    const { apiKey } = plan.verify
    const key = apiKey === undefined ? null : newKey()
    const secret = apiKey === undefined || key === null ? undefined : { name: apiKey.variable, value: key }
    const standIn = report.boots.some((boot) => boot.standIn) ? plan.verify.behaviour.gpu?.standIn : undefined
    const request = {
      ...{ image: report.image, profile, port: plan.port, variables: standIn?.variables ?? {} },
      ...optional('secret', secret),
      ...optional('standIn', standIn && standInBoot(standIn, plan.platform)),
    }
    const boot = (use: (server: BootedServer) => Promise<Result>) =>
      inTurn(runner, undefined, () => runner.boot(request, use))
    return await boot(async (server) => {
      const clock = { now: () => performance.now() }
      const ready = await waitUntilReady({ server, plan, clock, limits: usualLimits, key })
      expect(ready.status, ready.observed).toBe('passed')
      return use(server.url, key, server)
    })
  } finally {
    await engine.close()
    await registry.close()
    await closeStore(store)
  }
}
