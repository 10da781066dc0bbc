import type { Digest } from '../../lib/digest.ts'
import type { LockedFile, Modelfile, SkippedFile } from '../../recipes/locked-weights.ts'
import { isSafePath } from '../../recipes/safe-path.ts'

/** The members of a layer's descriptor that say what it holds. */
export interface LayerDescriptor {
  mediaType: string
  digest: Digest
  size: number
  annotations?: Record<string, string> | undefined
}

export type OllamaText = Exclude<keyof Modelfile, 'renderer' | 'parser' | 'requires'>

/** A layer whose members are files: of a model, or of an image that has one somewhere. */
export interface Archive {
  layer: LayerDescriptor
  isImage: boolean
}

/** What becomes of each layer of an artifact: every one is in one of the lists. */
export interface ReadLayers {
  files: LockedFile[]
  skipped: SkippedFile[]
  /** Layers of Ollama that are no files of a model but settings of it. */
  texts: { name: OllamaText; layer: LayerDescriptor }[]
  /** Layers that are tars, packed or not, in their order. */
  archives: Archive[]
  /** Layers without which the model would be another one, one line each. */
  unread: string[]
}

type LayerRole =
  | { archive: 'files' | 'image' }
  | { name: string }
  | { text: OllamaText }
  | { reason: string }
  | { refused: string }

const ollama = 'application/vnd.ollama.image.'
const docker = 'application/vnd.docker.ai.'

/** Layers that say by their type alone what they are. */
const roles: Readonly<Record<string, LayerRole>> = {
  [`${ollama}model`]: { name: 'model.gguf' },
  [`${ollama}projector`]: { name: 'mmproj.gguf' },
  [`${ollama}template`]: { text: 'template' },
  // Its name in Ollama's first versions; `server/images.go` of 0.32.15 still reads it.
  [`${ollama}prompt`]: { text: 'template' },
  [`${ollama}system`]: { text: 'system' },
  [`${ollama}params`]: { text: 'params' },
  [`${ollama}license`]: { text: 'license' },
  [`${ollama}messages`]: { reason: 'messages that Ollama puts before a chat, which ingot does not pass on' },
  [`${ollama}adapter`]: { refused: 'an adapter, which ingot does not put into an image of Ollama' },
  [`${ollama}embed`]: { reason: 'embeddings of texts, which Ollama has ignored since 0.1.2' },
  [`${ollama}draft`]: { refused: 'a model that drafts: name its GGUF in `parts`, and this one without it' },
  [`${ollama}tensor`]: {
    refused: 'a tensor by itself, as Ollama keeps models of MLX: no server here loads those',
  },
  [`${docker}gguf.v3`]: { name: 'model.gguf' },
  [`${docker}safetensors`]: { name: 'model.safetensors' },
  [`${docker}mmproj`]: { name: 'mmproj.gguf' },
  [`${docker}chat.template.jinja`]: { name: 'chat_template.jinja' },
  [`${docker}license`]: { name: 'LICENSE' },
}

const documents = /^application\/vnd\.(cncf|cnai)\.model\.(doc|dataset)\./
const kitDocuments = /^application\/vnd\.kitops\.modelkit\.(docs?|dataset)\./

/** Layers of a model hold its files; those of an image hold a whole system. */
const modelArchive =
  /^application\/vnd\.(cncf\.model|cnai\.model|kitops\.modelkit|docker\.ai)\..*\.tar([+.](gzip|zstd))?$/
const archiveName = /\.(tar|tar\.gz|tgz|tar\.zst)$/i
const imageLayer =
  /^application\/vnd\.(oci\.image\.layer\.(nondistributable\.)?v1\.tar|docker\.image\.rootfs\.(foreign\.)?diff\.tar)([+.](gzip|zstd))?$/
/** ORAS packs a folder so, and says that it has to be unpacked. */
const unpackMark = 'io.deis.oras.content.unpack'

/** Sorts the layers of an artifact that is no image of ingot's own: raw files, settings, what is left out, what cannot be read. */
export function readLayers(layers: readonly LayerDescriptor[]): ReadLayers {
  const read: ReadLayers = { files: [], skipped: [], texts: [], archives: [], unread: [] }
  const unnamed = new Map<string, LayerDescriptor[]>()
  for (const layer of layers) {
    const role = roleOf(layer)
    if ('archive' in role) read.archives.push({ layer, isImage: role.archive === 'image' })
    else if ('refused' in role)
      read.unread.push(`${layer.mediaType} (${layer.digest.slice(0, 19)}): ${role.refused}`)
    else if ('reason' in role)
      read.skipped.push({ path: labelOf(layer), sizeBytes: layer.size, reason: role.reason })
    else if ('text' in role) read.texts.push({ name: role.text, layer })
    else unnamed.set(role.name, [...(unnamed.get(role.name) ?? []), layer])
  }
  for (const [name, same] of unnamed) placeFiles(read, name, same)
  return read
}

/** Layers of one type without names of their own are shards in their order. Two layers of one name are no model. */
function placeFiles(read: ReadLayers, name: string, layers: readonly LayerDescriptor[]): void {
  const distinct = [...new Map(layers.map((layer) => [layer.digest, layer])).values()]
  const areShards = distinct.length > 1 && distinct.every((layer) => nameOf(layer) === undefined)
  if (distinct.length > 1 && !areShards)
    return void read.unread.push(`${distinct.length} layers with the name ${name} and other bytes`)
  const total = String(distinct.length).padStart(5, '0')
  distinct.forEach((layer, i) => {
    const suffix = areShards ? `-${String(i + 1).padStart(5, '0')}-of-${total}` : ''
    const sha256 = layer.digest.slice('sha256:'.length)
    const path = name.replace(/(\.[^.]+)?$/, (extension) => `${suffix}${extension}`)
    read.files.push({ path, sizeBytes: layer.size, sha256, from: `${sha256}/0` })
  })
}

function roleOf(layer: LayerDescriptor): LayerRole {
  const { mediaType } = layer
  const name = nameOf(layer)
  if (documents.test(mediaType) || kitDocuments.test(mediaType))
    if (/tar|gzip|zstd/.test(mediaType) || name === undefined)
      return { reason: 'documents or data beside the model, which no server reads' }
  if (modelArchive.test(mediaType) || layer.annotations?.[unpackMark] === 'true') return { archive: 'files' }
  if (name === undefined && imageLayer.test(mediaType)) return { archive: 'image' }
  if (name === undefined ? /tar|gzip|zstd/.test(mediaType) : archiveName.test(name))
    return { archive: 'files' }
  const known = roles[mediaType]
  if (known !== undefined && !('name' in known)) return known
  if (name !== undefined)
    return isSafePath(name) ? { name } : { refused: `its name "${name}" leads out of the model's folder` }
  return known ?? { refused: 'it does not say what file it is' }
}

function nameOf({ annotations = {} }: LayerDescriptor): string | undefined {
  return (
    annotations['org.cncf.model.filepath'] ??
    annotations['org.cnai.model.filepath'] ??
    annotations['org.opencontainers.image.title']
  )
}

function labelOf(layer: LayerDescriptor): string {
  return nameOf(layer) ?? `${layer.mediaType} ${layer.digest.slice(0, 19)}`
}

/** The same with files of archives in place of the raw ones alone. Two files of one path with other bytes are no model. */
export function withFiles(
  read: ReadLayers,
  more: Pick<ReadLayers, 'files' | 'skipped' | 'unread'>,
): ReadLayers {
  const files = new Map<string, LockedFile>()
  const unread = [...read.unread, ...more.unread]
  for (const file of more.files) {
    const before = files.get(file.path)
    if (before !== undefined && before.sha256 !== file.sha256)
      unread.push(`two layers hold ${file.path} with other bytes`)
    else files.set(file.path, file)
  }
  return { ...read, files: [...files.values()], skipped: [...read.skipped, ...more.skipped], unread }
}
