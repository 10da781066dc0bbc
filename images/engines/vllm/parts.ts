import semver from 'semver'
import { canonicalJson } from '../../../lib/json.ts'
import type { HttpProbe } from '../../boot/probe.ts'
import type { Deployment, Refusal } from '../engine.ts'
import { adapterProbe, draftMetricProbe, listedProbe, namedQuestion } from '../part-probes.ts'
import { formRefusals, partRefusal } from '../part-refusals.ts'
import { type DeployedPart, notServed, type PartTable, partsOf, served } from '../parts.ts'

export const parts: PartTable = {
  adapter: served('--enable-lora', '--lora-modules', '--max-loras', '--max-lora-rank'),
  drafter: served('--speculative-config', '-sc'),
  projector: notServed(
    'a model that sees brings its projector in its own files',
    'leave it out; of a GGUF with a projector beside it serve the repository of transformers, or take llama-cpp',
  ),
  model: notServed(
    'one process serves one model',
    'make an image of each model, or take llama-cpp or ollama',
  ),
}

/** Ranks that --max-lora-rank takes (vllm/config/lora.py, 0.13 to 0.32). */
const ranks = [1, 8, 16, 32, 64, 128, 256, 320, 512]

const methods = { draft: 'draft_model', eagle: 'eagle', eagle3: 'eagle3', mtp: 'mtp' } as const

export function partOptions(deployment: Deployment): string[] {
  const adapters = partsOf(deployment, 'adapter')
  const [drafter] = partsOf(deployment, 'drafter')
  return [
    ...(adapters.length === 0 ? [] : adapterOptions(adapters)),
    ...(drafter === undefined ? [] : ['--speculative-config', speculativeConfig(drafter)]),
  ]
}

function adapterOptions(adapters: readonly DeployedPart<'adapter'>[]): string[] {
  return [
    ...['--enable-lora', '--max-loras', String(adapters.length)],
    ...['--max-lora-rank', String(ranks.find((rank) => rank >= largestRank(adapters)) ?? ranks.at(-1))],
    ...['--lora-modules', ...adapters.map(({ part, path }) => `${part.name}=${path}`)],
  ]
}

function largestRank(adapters: readonly DeployedPart<'adapter'>[]): number {
  return Math.max(...adapters.map(({ pinned }) => pinned?.adapter?.rank ?? 1))
}

function speculativeConfig({ part, path }: DeployedPart<'drafter'>): string {
  return canonicalJson({
    method: methods[part.method],
    num_speculative_tokens: part.tokens,
    ...(part.source === undefined ? {} : { model: path }),
  })
}

export function partRefusals(deployment: Deployment): Refusal[] {
  const adapters = partsOf(deployment, 'adapter').flatMap((one) => adapterRefusals(deployment, one))
  const drafters = partsOf(deployment, 'drafter').flatMap(({ part }) =>
    // vllm/v1/spec_decode has no draft_model.py in 0.14.1, and has it in 0.16.0.
    part.method === 'draft' && semver.lt(deployment.version, '0.16.0')
      ? [
          partRefusal(deployment, part, {
            found: `vLLM ${deployment.version} does not draft with a model of its own`,
            hint: 'write engine.version ">=0.16", or take heads of EAGLE',
          }),
        ]
      : [],
  )
  return [...adapters, ...drafters]
}

function adapterRefusals(deployment: Deployment, one: DeployedPart<'adapter'>): Refusal[] {
  const { part, pinned } = one
  const form = formRefusals(deployment, one)
  if (form.length > 0) return form
  const rank = pinned?.adapter?.rank ?? 1
  if (rank <= (ranks.at(-1) ?? 0)) return []
  return [
    partRefusal(deployment, part, {
      found: `its rank ${rank} is above the ${ranks.at(-1)} that vLLM takes`,
      hint: 'train it with a lower rank, or merge it into the model',
    }),
  ]
}

export function partProbes(deployment: Deployment): HttpProbe[] {
  const { name } = deployment.recipe.model
  return [
    ...partsOf(deployment, 'adapter').flatMap(({ part }) => [
      listedProbe(part.name, 'adapter'),
      adapterProbe(deployment, part.name, {
        base: namedQuestion(deployment, name),
        adapted: namedQuestion(deployment, part.name),
      }),
    ]),
    ...partsOf(deployment, 'drafter').map(() =>
      draftMetricProbe('vllm:spec_decode_num_accepted_tokens_total'),
    ),
  ]
}
