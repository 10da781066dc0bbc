import { usualPrompts } from '../../recipes/verification.ts'
import type { Deployment } from './engine.ts'
import { generates } from './tasks.ts'
import { valueOfFlag } from './written-arguments.ts'

/** Ways to stretch positions whose factor is in the length that a configuration names. */
const alreadyStretched = ['longrope', 'llama3', 'deepseek_yarn']

/** What a server may refuse or answer badly, said once and stopping nothing. */
export function servingDoubts(deployment: Deployment): string[] {
  return [
    ...lengthDoubts(deployment),
    ...portDoubts(deployment),
    ...taskDoubts(deployment),
    ...promptDoubts(deployment),
    ...machineDoubts(deployment),
  ]
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

/** A server for vectors answers no chat, and the boot asks for one. */
function taskDoubts(deployment: Deployment): string[] {
  if (!generates(deployment.tasks)) return []
  const given = [
    ...(valueOfFlag(deployment, '--runner') === 'pooling' ? ['--runner pooling'] : []),
    ...(/^(embed|classify|reward)$/.test(valueOfFlag(deployment, '--convert') ?? '') ? ['--convert'] : []),
  ]
  return given.map(
    (flag) =>
      `serving.extraArguments: ${flag} makes a server for vectors or scores, and the model is taken to be for ${deployment.tasks.join(', ')}, which its boot asks for: set model.task to embedding or rerank and leave the flag out`,
  )
}

/** Prompts are answered by what generates. */
function promptDoubts({ recipe, tasks }: Deployment): string[] {
  const isOwn = recipe.verify.prompts.join('\n') !== usualPrompts.join('\n')
  if (generates(tasks) || !isOwn) return []
  return [
    `verify.prompts: the model is served for ${tasks.join(', ')} and generates no text, so that nobody asks them`,
  ]
}

/** Such a server answers nobody before the others are there. */
function machineDoubts(deployment: Deployment): string[] {
  const machines = Number(valueOfFlag(deployment, '--nnodes') ?? 1)
  return machines > 1
    ? [
        `serving.extraArguments: --nnodes ${machines} waits for other machines before it answers, and a boot has one: what can be verified is the image with one`,
      ]
    : []
}
