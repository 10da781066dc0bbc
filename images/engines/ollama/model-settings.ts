import { type ModelSettings, notTaken } from '../model-settings.ts'

export const modelSettings: ModelSettings = {
  chatTemplate: notTaken(
    'its templates are written in Go and not in Jinja',
    'write one into serving.ollamaTemplate, or take llama-cpp',
  ),
  toolCallParser: notTaken('it reads calls of tools by the template of the model', 'leave it out'),
  reasoningParser: notTaken('it reads reasoning by the template of the model', 'leave it out'),
  generationConfig: notTaken(
    'its defaults are parameters of a Modelfile',
    'take the model from an Ollama manifest that has them (type: ollama), or let clients send options',
  ),
}
