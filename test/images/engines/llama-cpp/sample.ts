import type { EngineSample } from '../samples.ts'

export const sample: EngineSample = {
  says: '1:0.7.0+dfsg-2',
  version: '0.7.0',
  lockedVersion: '0.7.0',
  telemetry: {},
  notAsked: ['negative-max-tokens'],
  takesArguments: true,
  argument: '--no-warmup',
  answersWith: 'name',
  refusesLongPrompts: { withLength: true, withoutLength: false },
  refusedDeliveries: {},
}
