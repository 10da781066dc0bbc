import { type ModelSettings, notTaken } from '../model-settings.ts'

const unknown = notTaken('it repeats what it is told', 'leave it out')

export const modelSettings: ModelSettings = {
  chatTemplate: unknown,
  toolCallParser: unknown,
  reasoningParser: unknown,
  generationConfig: unknown,
}
