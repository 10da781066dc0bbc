import { nameOfPart } from '../../../recipes/parts.ts'
import type { WeightFile } from '../../../recipes/weights.ts'
import type { HttpProbe } from '../../boot/probe.ts'
import type { Deployment, Refusal } from '../engine.ts'
import { nativeProbe } from '../openai-probes.ts'
import { adapterProbe, furtherModelProbes, listedProbe, namedQuestion } from '../part-probes.ts'
import { architectureRefusals, partRefusal } from '../part-refusals.ts'
import { type DeployedPart, notServed, type PartTable, type PlacedPart, partsOf, served } from '../parts.ts'
import { ggufModels, ggufProjector } from '../refusals.ts'
import { manifestPath } from './store.ts'

/** An adapter is a model of its own name in the store: the same weights, and a layer of the adapter. */
export const parts: PartTable = {
  adapter: served(),
  drafter: notServed(
    'ingot knows no setting of Ollama that makes a GGUF draft',
    'leave it out, or take llama-cpp, which drafts with a GGUF',
  ),
  projector: served(),
  model: served(),
}

/** A file of a part as the store has it: below the folder of the part. */
export function storedFile({ folder }: PlacedPart, file: WeightFile): WeightFile {
  return { ...file, path: `${folder}/${file.path}` }
}

/** The one file of an adapter or projector. */
export function ggufOf(one: PlacedPart): WeightFile | undefined {
  const file = one.files.find(({ path }) => /\.gguf$/i.test(path))
  return file && storedFile(one, file)
}

/** Models that are loaded at the same time; one that is not would be loaded when it is asked for. */
export function loadedModels(deployment: Deployment): number {
  return 1 + partsOf(deployment, 'adapter').length + partsOf(deployment, 'model').length
}

export function partRefusals(deployment: Deployment): Refusal[] {
  const isOurs =
    deployment.recipe.weights.delivery === 'baked' || deployment.recipe.weights.delivery === 'artifact'
  return [
    ...(isOurs ? [] : deployment.parts.map(({ part }) => partRefusal(deployment, part, foreignStore))),
    ...partsOf(deployment, 'adapter').flatMap((one) => architectureRefusals(deployment, one)),
    ...partsOf(deployment, 'model').flatMap((one) => modelRefusals(deployment, one)),
    ...nameRefusals(deployment),
  ]
}

/** Ollama takes `NAME` for `NAME:latest` and `library/NAME`, and looks for names without a regard to their case. */
function nameRefusals(deployment: Deployment): Refusal[] {
  const { recipe, parts: deployed } = deployment
  const placeOf = (name: string) => manifestPath(name).toLowerCase()
  return deployed.flatMap(({ part }, index) => {
    const name = nameOfPart(part)
    if (name === undefined) return []
    const before = [recipe.model.name, ...deployed.slice(0, index).map((one) => nameOfPart(one.part))]
    const same = before.find((other) => other !== undefined && placeOf(other) === placeOf(name))
    if (same === undefined) return []
    const found = `to Ollama "${name}" is the same name as "${same}"`
    return [
      { path: `parts.${index}.name`, found, hint: 'give it another name, or another tag behind a colon' },
    ]
  })
}

const foreignStore = {
  found: 'the store comes from outside of the image, with what `ollama pull` put into it',
  hint: 'deliver the weights baked, or pull it into that store',
}

function modelRefusals(deployment: Deployment, { part, pinned, files }: DeployedPart<'model'>): Refusal[] {
  const models = ggufModels({ files: [...files], gguf: pinned?.gguf ?? null })
  if (models.length === 1) return []
  const found = `${models.length} GGUF models among ${files.map(({ path }) => path).join(', ')}`
  return [partRefusal(deployment, part, { found, hint: 'choose one file with `include`' })]
}

export function partProbes(deployment: Deployment): HttpProbe[] {
  const { name } = deployment.recipe.model
  return [
    ...partsOf(deployment, 'adapter').flatMap(({ part }) => [
      listedProbe(part.name, 'adapter', tagged(part.name)),
      adapterProbe(deployment, part.name, {
        base: namedQuestion(deployment, name),
        adapted: namedQuestion(deployment, part.name),
      }),
    ]),
    ...(hasProjector(deployment) ? [projectorProbe(name)] : []),
    ...partsOf(deployment, 'model').flatMap((one) => [
      listedProbe(one.part.name, 'model', tagged(one.part.name)),
      ...furtherModelProbes(one.part.name, one),
    ]),
  ]
}

/** A part of the recipe, else what lies beside the model. */
function hasProjector(deployment: Deployment): boolean {
  return partsOf(deployment, 'projector').length > 0 || ggufProjector(deployment) !== undefined
}

/** It offers pictures where a manifest has a projector, of sound as well (server/images.go of 0.17.4 and 0.32.15). */
function projectorProbe(model: string): HttpProbe {
  return nativeProbe(
    {
      id: 'projector',
      title: 'the server says that the model has the projector',
      request: { method: 'POST', path: '/api/show', body: { model } },
    },
    [{ at: 'capabilities.*', rule: 'has', value: 'vision' }],
  )
}

function tagged(name: string): string {
  return name.includes(':') ? name : `${name}:latest`
}
