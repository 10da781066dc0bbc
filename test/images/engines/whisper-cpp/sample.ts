import type { EngineSample } from '../samples.ts'

export const sample: EngineSample = {
  recipe: 'whisper-tiny.en-whisper-cpp',
  says: '1.9.5+dfsg-1',
  version: '1.9.5',
  lockedVersion: '1.9.5',
  telemetry: {},
  notAsked: [],
  takesArguments: true,
  answersWith: 'name',
  refusesLongPrompts: { withLength: true, withoutLength: false },
  refusedDeliveries: {},
}
