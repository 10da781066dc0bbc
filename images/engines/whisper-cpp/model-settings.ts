import { type ModelSettings, notTaken } from '../model-settings.ts'

const nothingSaid = notTaken('it writes down what it hears', 'leave it out')

export const modelSettings: ModelSettings = {
  chatTemplate: nothingSaid,
  toolCallParser: nothingSaid,
  reasoningParser: nothingSaid,
  generationConfig: notTaken('it has no file for it', 'clients say temperature and language in each request'),
}
