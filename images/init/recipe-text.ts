import { formatBytes, formatGiB } from '../../lib/bytes.ts'
import { commentedYaml, type YamlComments } from '../../recipes/yaml-text.ts'
import { deploymentOf } from '../engines/deployment.ts'
import type { Refusal } from '../engines/engine.ts'
import { licenceRefusals } from '../plan/licence.ts'
import { predictedMemory } from '../plan/memory.ts'
import { chatComments } from './chat-lines.ts'
import { mostBakedBytes, provisionalLock } from './draft.ts'
import { bitsPerWeight, type ModelOffer } from './offer.ts'
import type { Proposal } from './propose.ts'

/** The recipe as a person would write it: each choice with its reason. */
export function recipeText(offer: ModelOffer, proposal: Proposal): string {
  const head = [
    `Written by \`ingot init ${offer.asked}\`. docs/recipe.md describes every key.`,
    '`ingot build` on this file locks, builds, boots and verifies; `ingot run` starts what came out.',
  ]
  return commentedYaml(proposal.draft, commentsOf(offer, proposal), head)
}

function commentsOf(offer: ModelOffer, proposal: Proposal): YamlComments {
  const { engine, weights, tasks } = proposal.choices
  const chat = chatComments(engine, weights, { modelfile: offer.modelfile, asked: tasks })
  return {
    model: licenceWords(offer, proposal),
    'model.task': chat.task,
    'model.toolCallParser': chat.toolCallParser,
    'model.reasoningParser': chat.reasoningParser,
    'engine.version': ['Versions whose flags and memory ingot knows. The lock pins one of them.'],
    'weights.source': sourceWords(offer, proposal),
    'weights.delivery': deliveryWords(proposal),
    'serving.contextLength': contextWords(offer, proposal),
    'serving.parallelism': ['Sequences at once; the server reserves a context for each.'],
    'serving.quantization': ['Packed to 8 bits while it loads: as it is it does not fit.'],
    'serving.dtype': ['This card computes no bfloat16.'],
    'serving.tensorParallel': ['Each layer is split over all cards.'],
    'serving.sharedMemory': ['The processes of the cards pass tensors through it.'],
    target: targetWords(proposal),
  }
}

/** What has to be accepted, or nothing. */
export function licenceQuestion(offer: ModelOffer, { recipe, choices }: Proposal): Refusal | undefined {
  const [refusal] = licenceRefusals(recipe, provisionalLock(recipe, offer, choices).weights)
  return refusal
}

function licenceWords(offer: ModelOffer, proposal: Proposal): string[] {
  const refusal = licenceQuestion(offer, proposal)
  const gate = offer.isGated
    ? ['The model is gated: HF_TOKEN must belong to an account that has access.']
    : []
  if (refusal !== undefined)
    return [...gate, `Not accepted yet: ${refusal.found}.`, `To go on, ${refusal.hint}.`]
  if (offer.license !== undefined) return gate
  return [...gate, 'The source states no licence. Find it, and write `license: NAME` under `model`.']
}

function sourceWords({ choices: all }: ModelOffer, { choices }: Proposal): string[] {
  const { weights } = choices
  if (weights.gguf === undefined) return []
  const files = all.filter(({ gguf }) => gguf !== undefined).length
  const bits = bitsPerWeight(weights)
  const size = `${formatBytes(weights.sizeBytes)}${bits === undefined ? '' : `, ${bits.toFixed(1)} bits a weight`}`
  return [files === 1 ? `${size}.` : `${size}: chosen of ${files} GGUF models there.`]
}

function deliveryWords({ choices, recipe }: Proposal): string[] {
  const size = formatBytes(choices.weights.sizeBytes)
  const most = formatBytes(mostBakedBytes)
  switch (recipe.weights.delivery) {
    case 'baked':
      return [`${size} lie in the image: one digest is everything, and nothing is fetched at the start.`]
    case 'artifact':
      return [`${size}, more than ${most}: an OCI image of their own, which the host mounts.`]
    default:
      return [
        `${size}, more than ${most}: a folder that the host mounts; \`ingot fetch\` fills one. The image checks it at its start.`,
      ]
  }
}

function contextWords(offer: ModelOffer, { choices, recipe, users, planned }: Proposal): string[] {
  const { facts } = choices.weights
  const declared = facts?.maxPositions
  const longer =
    declared && declared > (choices.contextLength ?? 0) ? [`The model declares ${declared} tokens.`] : []
  if (planned === undefined) return [...longer, ...hostWords(offer, recipe, choices)]
  return [...longer, `By plan ${users} ${users === 1 ? 'sequence' : 'sequences'} of this length fit at once.`]
}

/** Memory of the host, where the engine reserves it at the start. */
function hostWords(offer: ModelOffer, recipe: Proposal['recipe'], choices: Proposal['choices']): string[] {
  const deployment = deploymentOf(recipe, provisionalLock(recipe, offer, choices), choices.engine)
  const predicted = predictedMemory(deployment, null)
  if (predicted === null) return ['How much memory this takes was not planned.']
  const sum = predicted.parts.reduce((bytes, part) => bytes + part.sizeBytes, 0)
  return [`By plan weights, cache and buffers take ${formatBytes(sum)} of the host's memory.`]
}

function targetWords({ planned }: Proposal): string[] {
  if (planned === undefined) return ['Whether it fits this card cannot be told; the boot tells.']
  const { weightsBytes, limitBytes, kvPoolBytes, gpuCount } = planned
  const each = gpuCount === 1 ? '' : ' on each card'
  return [
    `Planned, not measured${each}: ${formatGiB(weightsBytes)} of weights and ${formatGiB(kvPoolBytes)} of cache in ${formatGiB(limitBytes)}.`,
  ]
}
