import type { EngineSample } from '../samples.ts'

export const sample: EngineSample = {
  says: '[TensorRT-LLM] TensorRT LLM version: 1.2.1\n1.2.1\n',
  version: '1.2.1',
  lockedVersion: '1.2.1',
  telemetry: { TRTLLM_NO_USAGE_STATS: '1' },
  notAsked: [],
  takesArguments: true,
  answersWith: 'name',
  refusesLongPrompts: { withLength: false, withoutLength: false },
  refusedDeliveries: {},
}
