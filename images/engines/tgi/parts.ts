import type { HttpProbe } from '../../boot/probe.ts'
import type { Deployment, Refusal } from '../engine.ts'
import { adapterProbe, namedQuestion } from '../part-probes.ts'
import { formRefusals, partRefusal } from '../part-refusals.ts'
import { notServed, type PartTable, partsOf, served } from '../parts.ts'
import { option } from '../serving-keys.ts'

export const parts: PartTable = {
  adapter: served('--lora-adapters'),
  drafter: notServed(
    'TGI guesses by n-grams of the prompt or by heads of Medusa, and takes no draft model',
    'leave the part out and write --speculate and the number of tokens into serving.extraArguments, or take vllm',
  ),
  projector: notServed('a model that sees brings its projector in its own files', 'leave it out'),
  model: notServed(
    'one process serves one model',
    'make an image of each model, or take llama-cpp or ollama',
  ),
}

/** `NAME=PATH,…` (launcher of 3.3.7). */
export function partOptions(deployment: Deployment): string[] {
  const adapters = partsOf(deployment, 'adapter').map(({ part, path }) => `${part.name}=${path}`)
  return option('--lora-adapters', adapters.length === 0 ? undefined : adapters.join(','))
}

export function partRefusals(deployment: Deployment): Refusal[] {
  return partsOf(deployment, 'adapter').flatMap((one) => [
    ...formRefusals(deployment, one),
    ...(one.part.name === 'tgi'
      ? [
          partRefusal(deployment, one.part, {
            found: 'to TGI the name "tgi" is the model alone, so that no request would get the adapter',
            hint: 'give the adapter another name',
          }),
        ]
      : []),
  ])
}

/** Its list of models has the model alone, so that an adapter is known by its answer. */
export function partProbes(deployment: Deployment): HttpProbe[] {
  return partsOf(deployment, 'adapter').map(({ part }) =>
    adapterProbe(deployment, part.name, {
      base: namedQuestion(deployment, 'tgi'),
      adapted: namedQuestion(deployment, part.name),
    }),
  )
}
