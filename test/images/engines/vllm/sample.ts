import type { EngineSample } from '../samples.ts'

export const sample: EngineSample = {
  says: '0.32.0\n',
  version: '0.32.0',
  lockedVersion: '0.31.0',
  telemetry: { VLLM_NO_USAGE_STATS: '1' },
  notAsked: [],
  takesArguments: true,
  answersWith: 'name',
  refusesLongPrompts: { withLength: true, withoutLength: false },
  refusedDeliveries: {},
}
