import { type Digest, digestOf, hexOf } from '../../../lib/digest.ts'
import { canonicalJson, type Json } from '../../../lib/json.ts'
import { optional } from '../../../lib/optional.ts'
import type { WeightFile } from '../../../recipes/weights.ts'
import { PlanError } from '../../error.ts'
import { foldersOf, type WeightEntry } from '../../weights/layers.ts'
import type { OllamaTemplate } from './template.ts'

/** A model as Ollama's store holds it. */
export interface OllamaModel {
  /** As clients ask for it: `name`, `name:tag`, or with a namespace `owner/name:tag`. */
  name: string
  gguf: WeightFile
  /** `general.architecture` of the GGUF. */
  architecture: string
  /** As Ollama shows it: `134.52M`, `Q4_1`. */
  parameterSize: string
  fileType: string
  /** Absent where Ollama runs the template in the GGUF itself. */
  template?: OllamaTemplate
  system?: string
  /** Request defaults such as `num_ctx`; `stop` of the template is added. */
  parameters?: Record<string, Json>
  /** Text of the licence, or its SPDX name. */
  license?: string
  /** Code of Ollama's own that makes prompts and reads answers, by name. */
  renderer?: string
  parser?: string
  /** Multimodal projector, a GGUF of its own. */
  projector?: WeightFile
  adapter?: WeightFile
}

interface StoreLayer {
  mediaType: string
  digest: Digest
  size: number
  readonly [key: string]: Json
}

const layerType = (kind: string) => `application/vnd.ollama.image.${kind}`

/** `named`: weights under their own names, and blobs as links to them. `pulled`: weights as blobs, as `ollama pull` leaves them. */
export type StoreForm = 'named' | 'pulled'

/**
 * Every file of an Ollama store (what OLLAMA_MODELS names) with these models, written without a server. In the form `named` the weights
 * lie as in the images of other engines, and so in the same layer. What models share is there once. Throws `refused` for a name
 * Ollama has no path for.
 */
export function ollamaStoreEntries(
  models: readonly OllamaModel[],
  modelsFolder: string,
  form: StoreForm = 'named',
): WeightEntry[] {
  const root = modelsFolder.replace(/^\/+|\/+$/g, '')
  // By what is in them: the first model's name of a file is the one that stays.
  const files = new Map<string, WeightFile>()
  for (const { file } of models.flatMap(filesOf)) if (!files.has(file.sha256)) files.set(file.sha256, file)
  const leaves = new Map(
    [
      ...[...files.values()].flatMap((file) => fileEntries(file, root, form)),
      ...models.flatMap((model) => textEntries(model, root)),
    ].map((entry) => [entry.path, entry]),
  )
  return [...foldersOf([...leaves.keys()]), ...leaves.values()]
}

function fileEntries(file: WeightFile, root: string, form: StoreForm): WeightEntry[] {
  const path = blobPath(root, `sha256:${file.sha256}`)
  if (form === 'pulled') return [{ type: 'file', path, file }]
  return [
    { type: 'file', path: `${root}/${file.path}`, file },
    { type: 'symlink', path, target: `../${file.path}` },
  ]
}

function blobPath(root: string, digest: Digest): string {
  return `${root}/blobs/sha256-${hexOf(digest)}`
}

function textEntries(model: OllamaModel, root: string): WeightEntry[] {
  const texts = textLayers(model)
  const config = canonicalJson(configOf(model))
  const manifest = canonicalJson({
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: { mediaType: 'application/vnd.docker.container.image.v1+json', ...sizeAndDigest(config) },
    layers: [
      ...filesOf(model).map(fileLayer),
      ...texts.map(({ kind, text }) => ({ mediaType: layerType(kind), ...sizeAndDigest(text) })),
    ],
  })
  return [
    ...[config, ...texts.map(({ text }) => text)].map(
      (text) => ({ type: 'text', path: blobPath(root, digestOf(text)), text }) satisfies WeightEntry,
    ),
    { type: 'text', path: `${root}/manifests/${manifestPath(model.name)}`, text: manifest },
  ]
}

/** `registry.ollama.ai/library/NAME/TAG`: host, namespace, model and tag, all four always. */
export function manifestPath(name: string): string {
  const match = /^(?:([\w-][\w.-]*)\/)?([\w-][\w.-]*)(?::([\w][\w.-]*))?$/.exec(name)
  if (match) return `registry.ollama.ai/${match[1] ?? 'library'}/${match[2]}/${match[3] ?? 'latest'}`
  throw new PlanError('refused', {
    attempted: `place the model "${name}" in an Ollama store`,
    found: 'it is not a name as Ollama has them',
    hint: 'set model.name to name, name:tag or owner/name:tag',
  })
}

/** In the order of the manifest's layers. */
function filesOf({ gguf, projector, adapter }: OllamaModel): { kind: string; file: WeightFile }[] {
  return [
    { kind: 'model', file: gguf },
    ...(projector ? [{ kind: 'projector', file: projector }] : []),
    ...(adapter ? [{ kind: 'adapter', file: adapter }] : []),
  ]
}

function fileLayer({ kind, file }: { kind: string; file: WeightFile }): StoreLayer {
  return { mediaType: layerType(kind), digest: `sha256:${file.sha256}`, size: file.sizeBytes }
}

function textLayers(model: OllamaModel): { kind: string; text: string }[] {
  const { template } = model
  const parameters = {
    ...model.parameters,
    ...(template && template.stop.length > 0 ? { stop: template.stop } : {}),
  }
  return [
    ...(template === undefined ? [] : [{ kind: 'template', text: template.template }]),
    ...(model.system === undefined ? [] : [{ kind: 'system', text: model.system }]),
    ...(model.license === undefined ? [] : [{ kind: 'license', text: model.license }]),
    ...(Object.keys(parameters).length === 0 ? [] : [{ kind: 'params', text: canonicalJson(parameters) }]),
  ]
}

function configOf(model: OllamaModel): Json {
  return {
    model_format: 'gguf',
    model_family: model.architecture,
    model_families: [model.architecture],
    model_type: model.parameterSize,
    file_type: model.fileType,
    ...optional('renderer', model.renderer),
    ...optional('parser', model.parser),
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [`sha256:${model.gguf.sha256}`] },
  }
}

function sizeAndDigest(text: string): { digest: Digest; size: number } {
  return { digest: digestOf(text), size: Buffer.byteLength(text) }
}
