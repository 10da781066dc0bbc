import type { Deployment } from './engine.ts'

/** Ways to stretch positions whose factor is in the length that a configuration names. */
const alreadyStretched = ['longrope', 'llama3', 'deepseek_yarn']

/** What a server may refuse or answer badly, said once and stopping nothing. */
export function servingDoubts(deployment: Deployment): string[] {
  return [...lengthDoubts(deployment), ...portDoubts(deployment)]
}

/** vLLM and SGLang end at the start (`VLLM_ALLOW_LONG_MAX_MODEL_LEN` lets it pass); llama.cpp goes on, and answers get worse. */
function lengthDoubts({ recipe, facts }: Deployment): string[] {
  const asked = recipe.serving.contextLength
  const declared = facts?.maxPositions
  if (asked === undefined || !declared) return []
  const { type = '', factor = 1 } = facts.rope ?? {}
  const most = alreadyStretched.includes(type) ? declared : declared * Math.max(1, factor ?? 1)
  if (asked <= most) return []
  return [
    `serving.contextLength: ${asked} tokens are more than the ${most} that the model declares: a server refuses that, or answers badly beyond them`,
  ]
}

function portDoubts({ recipe: { serving } }: Deployment): string[] {
  if (serving.port === undefined || serving.port >= 1024) return []
  return [
    `serving.port: ${serving.port} is below 1024, where a server that is not root may listen under Docker and not everywhere else; take a higher one and publish it as ${serving.port}`,
  ]
}
