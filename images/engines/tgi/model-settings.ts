import { type ModelSettings, notTaken } from '../model-settings.ts'

const parser = 'it makes calls of tools by a grammar and has no parser to choose'

/** Read in its source at db931fc: the template comes with tokenizer_config.json or chat_template.json of the model. */
export const modelSettings: ModelSettings = {
  chatTemplate: notTaken(
    'it reads the template beside the tokenizer of the model and no other',
    'put it beside the model as chat_template.jinja or in tokenizer_config.json, or take vllm or sglang',
  ),
  toolCallParser: notTaken(parser, 'leave it out, or take vllm or sglang'),
  reasoningParser: notTaken(
    'it does not tell reasoning from the answer',
    'leave it out, or take vllm or sglang',
  ),
  generationConfig: notTaken(
    'it reads generation_config.json in the folder of the model and no other',
    'put that file beside the model, or take vllm',
  ),
}
