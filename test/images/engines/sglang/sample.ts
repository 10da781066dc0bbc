import type { EngineSample } from '../samples.ts'

export const sample: EngineSample = {
  says: '0.5.21\n',
  version: '0.5.21',
  lockedVersion: '0.5.21',
  telemetry: {},
  notAsked: [],
  takesArguments: true,
  answersWith: 'name',
  refusesLongPrompts: { withLength: true, withoutLength: false },
  refusedDeliveries: {},
}
