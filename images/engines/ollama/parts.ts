import type { WeightFile } from '../../../recipes/weights.ts'
import type { HttpProbe } from '../../boot/probe.ts'
import type { Deployment, Refusal } from '../engine.ts'
import { adapterProbe, furtherModelProbe, listedProbe, namedChat } from '../part-probes.ts'
import { architectureRefusals, partRefusal } from '../part-refusals.ts'
import { type DeployedPart, notServed, type PartTable, type PlacedPart, partsOf, served } from '../parts.ts'
import { ggufModels } from '../refusals.ts'

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
  ]
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
      adapterProbe(deployment, part.name, { base: namedChat(name), adapted: namedChat(part.name) }),
    ]),
    ...partsOf(deployment, 'model').flatMap(({ part }) => [
      listedProbe(part.name, 'model', tagged(part.name)),
      furtherModelProbe(part.name),
    ]),
  ]
}

function tagged(name: string): string {
  return name.includes(':') ? name : `${name}:latest`
}
