import type { StopOccasion } from '../../images/boot/probe.ts'
import { type BootProfile, bootProfiles } from '../../images/boot/runtime-spec.ts'
import { type StandIn, standInBoot } from '../../images/boot/stand-in.ts'
import { stopSchedule } from '../../images/boot/stop-check.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Digest } from '../../lib/digest.ts'
import { optional } from '../../lib/optional.ts'
import type { BootRequest, ImageMount, WorkersRequest } from '../boot/runner.ts'
import { newKey } from './access.ts'

/** What verification reads of a plan. */
export type VerifyPlan = Pick<
  ImagePlan,
  | 'name'
  | 'engine'
  | 'model'
  | 'platform'
  | 'port'
  | 'sharedMemoryBytes'
  | 'requires'
  | 'machines'
  | 'compileCache'
  | 'verify'
>

export interface PlannedBoot {
  request: BootRequest
  /** What the server is doing when it is told to stop. */
  occasion: StopOccasion
}

export interface PlannedBoots {
  whole: PlannedBoot[]
  /** Made for one stop alone, under the last profile. */
  besides: PlannedBoot[]
}

/** What every boot gets from outside of its image. */
export interface GivenToBoots {
  mounts: readonly ImageMount[]
  variables: Record<string, string>
  standIn?: StandIn | undefined
  workers?: WorkersRequest | undefined
}

/** A boot for each profile and identity that the plan asks for, and those that its engine's stops need besides. */
export function plannedBoots(image: Digest, plan: VerifyPlan, given: GivenToBoots): PlannedBoots {
  const { mounts, variables, standIn, workers } = given
  const profiles = bootProfiles(plan.verify.profiles, plan.sharedMemoryBytes)
  const schedule = stopSchedule(plan.verify.behaviour.stop, profiles.length)
  const { apiKey } = plan.verify
  const secret = apiKey === undefined ? undefined : { name: apiKey.variable, value: newKey() }
  const requestFor = (profile: BootProfile): BootRequest => ({
    ...{ image, profile, port: plan.port, mounts, variables },
    ...optional('secret', secret),
    ...optional('workers', workers),
    ...optional('standIn', standIn && standInBoot(standIn, plan.platform)),
  })
  const last = profiles.at(-1)
  return {
    whole: profiles.map((profile, index) => ({
      request: requestFor(profile),
      occasion: schedule.ofBoots[index] ?? 'idle',
    })),
    besides:
      last === undefined ? [] : schedule.besides.map((occasion) => ({ request: requestFor(last), occasion })),
  }
}
