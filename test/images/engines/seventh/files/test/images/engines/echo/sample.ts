import type { EngineSample } from '../samples.ts'

export const sample: EngineSample = {
  says: 'echo 1.2.0\n',
  version: '1.2.0',
  lockedVersion: '1.2.0',
  telemetry: {},
  notAsked: [],
  takesArguments: true,
  answersWith: 'name',
  refusesLongPrompts: { withLength: true, withoutLength: false },
  refusedDeliveries: {},
}
