import type { Modelfile } from '../../recipes/locked-weights.ts'
import type { Deployment } from './engine.ts'

/** Files beside a GGUF by which repositories tell others how to talk to the model, and who reads them. */
const tellers: Readonly<Record<string, string>> = {
  'chat_template.jinja': 'engines that load transformers’ form',
  'chat_template.json': 'engines that load transformers’ form',
  Modelfile: '`ollama create`',
  template: 'Ollama when it pulls from the Hub',
  system: 'Ollama when it pulls from the Hub',
  params: 'Ollama when it pulls from the Hub',
}

const settings: Readonly<Record<keyof Modelfile, string | undefined>> = {
  template: 'a template',
  system: 'a system prompt',
  params: 'defaults of requests',
  renderer: 'a renderer',
  parser: 'a parser',
  license: undefined,
  requires: undefined,
}

/** What stands beside the weights of how to talk to the model, and does nothing in this image; said once and stopping nothing. */
export function besideDoubts(deployment: Deployment): string[] {
  const { engine, files, modelfile, recipe } = deployment
  const named = files.map(({ path }) => path).filter((path) => Object.hasOwn(tellers, path))
  const isOwn = recipe.model.chatTemplate !== undefined || recipe.serving.ollamaTemplate !== undefined
  const lost = Object.entries(settings).flatMap(([key, words]) =>
    words !== undefined && Object.hasOwn(modelfile ?? {}, key) ? [words] : [],
  )
  return [
    ...(engine.formats.includes('gguf') ? named : [])
      .filter((path) => !(isOwn && /template/.test(path)))
      .map(
        (path) =>
          `${path} lies beside the GGUF and is not read: it is for ${tellers[path]}. ${engine.title} has the chat template of the GGUF, unless ${engine.weights.type === 'store' ? 'serving.ollamaTemplate' : 'model.chatTemplate'} gives another`,
      ),
    ...(engine.weights.type !== 'store' && lost.length > 0
      ? [
          `the manifest of Ollama has ${lost.join(', ')} for this model, which ${engine.title} does not read: clients send what they want of it`,
        ]
      : []),
  ]
}
