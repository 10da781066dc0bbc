import type { EngineSample } from '../samples.ts'

export const sample: EngineSample = {
  says: 'text-generation-launcher 3.3.7\n',
  version: '3.3.7',
  lockedVersion: '3.3.7',
  telemetry: { USAGE_STATS: 'off' },
  notAsked: [],
  takesArguments: true,
  answersWith: 'path',
  refusesLongPrompts: { withLength: true, withoutLength: false },
  refusedDeliveries: {},
}
