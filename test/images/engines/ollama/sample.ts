import type { EngineSample } from '../samples.ts'

export const sample: EngineSample = {
  says: 'Warning: could not connect to a running Ollama instance\nWarning: client version is 0.17.4\n',
  version: '0.17.4',
  lockedVersion: '0.32.15',
  telemetry: { OLLAMA_NO_CLOUD: '1' },
  notAsked: ['negative-max-tokens'],
  takesArguments: false,
  answersWith: 'name',
  refusesLongPrompts: { withLength: true, withoutLength: true },
  refusedDeliveries: { 'hf-cache': 'a store of its own' },
}
