import type { HttpProbe } from '../../boot/probe.ts'
import type { Deployment, Refusal } from '../engine.ts'
import {
  adapterProbe,
  draftedProbe,
  easyPrompt,
  easyTokens,
  listedProbe,
  namedQuestion,
} from '../part-probes.ts'
import { formRefusals } from '../part-refusals.ts'
import { type DeployedPart, notServed, type PartTable, partsOf, served } from '../parts.ts'

const drafterFlags = ['algorithm', 'draft-model-path', 'num-steps', 'eagle-topk', 'num-draft-tokens']

export const parts: PartTable = {
  adapter: served('--enable-lora', '--lora-paths', '--max-loras-per-batch'),
  drafter: served(...drafterFlags.map((name) => `--speculative-${name}`)),
  projector: notServed(
    'a model that sees brings its projector in its own files',
    'leave it out; of a GGUF with a projector beside it serve the repository of transformers, or take llama-cpp',
  ),
  model: notServed(
    'one process serves one model',
    'make an image of each model, or take llama-cpp or ollama',
  ),
}

/** NEXTN takes the heads of the model itself where no path is given (0.5.23). */
const algorithms = { draft: 'STANDALONE', eagle: 'EAGLE', eagle3: 'EAGLE3', mtp: 'NEXTN' } as const

export function partOptions(deployment: Deployment): string[] {
  const adapters = partsOf(deployment, 'adapter')
  const [drafter] = partsOf(deployment, 'drafter')
  return [
    ...(adapters.length === 0
      ? []
      : [
          ...['--enable-lora', '--max-loras-per-batch', String(adapters.length + 1)],
          ...['--lora-paths', ...adapters.map(({ part, path }) => `${part.name}=${path}`)],
        ]),
    ...(drafter === undefined ? [] : draftOptions(drafter)),
  ]
}

/** One chain of guesses: each step gives a token, and one more is the model's own. */
function draftOptions({ part, path }: DeployedPart<'drafter'>): string[] {
  const { method, tokens, source } = part
  return [
    ...['--speculative-algorithm', algorithms[method]],
    ...(source === undefined ? [] : ['--speculative-draft-model-path', path]),
    ...['--speculative-num-steps', String(tokens), '--speculative-eagle-topk', '1'],
    ...['--speculative-num-draft-tokens', String(tokens + 1)],
  ]
}

export function partRefusals(deployment: Deployment): Refusal[] {
  return partsOf(deployment, 'adapter').flatMap((one) => formRefusals(deployment, one))
}

/** Read in its source (0.5.23) and not booted: `lora_path` of a request is the name of an adapter. */
export function partProbes(deployment: Deployment): HttpProbe[] {
  const { name } = deployment.recipe.model
  const ask = (adapter: string | null) => namedQuestion(deployment, name, { lora_path: adapter })
  return [
    ...partsOf(deployment, 'adapter').flatMap(({ part }) => [
      listedProbe(part.name, 'adapter'),
      adapterProbe(deployment, part.name, { base: ask(null), adapted: ask(part.name) }),
    ]),
    ...partsOf(deployment, 'drafter').map(() =>
      draftedProbe(
        { at: 'meta_info.spec_accept_rate', rule: 'positive' },
        {
          method: 'POST',
          path: '/generate',
          body: { text: easyPrompt, sampling_params: { max_new_tokens: easyTokens, temperature: 0 } },
        },
      ),
    ),
  ]
}
