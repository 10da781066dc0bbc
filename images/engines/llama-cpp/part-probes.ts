import { folderName } from '../../../recipes/parts.ts'
import type { PinnedPart } from '../../../recipes/pinned-parts.ts'
import type { HttpProbe, JsonCheck } from '../../boot/probe.ts'
import type { Deployment } from '../engine.ts'
import { nativeProbe } from '../openai-probes.ts'
import {
  adapterProbe,
  draftedProbe,
  easyPrompt,
  easyTokens,
  furtherModelProbes,
  listedProbe,
  namedQuestion,
} from '../part-probes.ts'
import { type DeployedPart, partsOf } from '../parts.ts'
import { fileOf, hasRouter, ofModel, projectorOf } from './parts.ts'

export function partProbes(deployment: Deployment): HttpProbe[] {
  const { name } = deployment.recipe.model
  const adapters = partsOf(deployment, 'adapter')
  // Without the cached prompt, which a server keeps over a change of adapters (measured, 0.7.0).
  const ask = (lora: { id: number; scale: number }[]) =>
    namedQuestion(deployment, name, { cache_prompt: false, lora })
  return [
    ...adapters.flatMap((one, id) => [
      listedAdapter(deployment, one),
      adapterProbe(deployment, one.part.name, { base: ask([]), adapted: ask([{ id, scale: 1 }]) }),
    ]),
    ...partsOf(deployment, 'drafter').map(() =>
      draftedProbe(
        { at: 'timings.draft_n_accepted', rule: 'positive' },
        namedQuestion(deployment, name)(easyPrompt, easyTokens),
      ),
    ),
    ...(projectorOf(deployment) === undefined ? [] : [projectorProbe(deployment)]),
    ...partsOf(deployment, 'model').flatMap((one) => [
      listedProbe(one.part.name, 'model'),
      ...furtherModelProbes(one.part.name, one),
    ]),
  ]
}

function listedAdapter(deployment: Deployment, one: DeployedPart<'adapter'>): HttpProbe {
  const { name } = one.part
  return nativeProbe(
    {
      id: `listed-${folderName(name)}`,
      title: `the list of adapters has ${name}`,
      request: { method: 'GET', path: `/lora-adapters${ofModel(deployment)}` },
    },
    [{ at: '*.path', rule: 'has', value: fileOf(one) }],
  )
}

/** What the loaded projector takes, in the server's own words. */
function projectorProbe(deployment: Deployment): HttpProbe {
  const [part] = partsOf(deployment, 'projector')
  const named = { id: 'projector', title: 'the server says that the projector is loaded' }
  if (part?.pinned?.projector !== undefined)
    return nativeProbe(
      { ...named, request: { method: 'GET', path: `/props${ofModel(deployment)}` } },
      modalities(part.pinned.projector),
    )
  // Of one beside the model nobody noted what it takes.
  return nativeProbe(
    { ...named, request: { method: 'GET', path: '/v1/models' } },
    [{ at: 'models.*.capabilities.*', rule: 'has', value: 'multimodal' }],
    !hasRouter(deployment),
  )
}

function modalities({ vision, audio }: NonNullable<PinnedPart['projector']>): JsonCheck[] {
  return [
    ...(vision ? [{ at: 'modalities.vision', rule: 'equals', value: true } as const] : []),
    ...(audio ? [{ at: 'modalities.audio', rule: 'equals', value: true } as const] : []),
  ]
}
