import { downloadFile, listFiles, parseSafetensorsMetadata } from '@huggingface/hub'
import { optional } from '../../lib/optional.ts'
import { ggufShards, isGgufModel } from '../../recipes/model-facts/gguf-files.ts'
import type { SafetensorsHeader } from '../../recipes/model-facts/tensors.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'
import { openConnection } from '../network/connection.ts'
import { withRetry } from '../network/retry.ts'
import { type Hub, hubOf } from '../weights/hub-access.ts'
import { asHubFailure } from '../weights/hub-answer.ts'
import type { SourceSettings } from '../weights/source.ts'
import { ModelReaderError } from './error.ts'
import { factsFromFiles } from './facts.ts'
import { readGguf } from './gguf.ts'

export interface HubModel {
  repo: string
  revision: string
  /** A GGUF file inside the repository. */
  file: string | undefined
}

/**
 * Facts of a repository by a few range requests; no weight is downloaded. HF_ENDPOINT and HF_TOKEN are respected.
 * Throws the Hub's errors with what to do, or `no-model`.
 */
export async function readHubModel(
  model: HubModel,
  settings: SourceSettings,
  signal?: AbortSignal,
): Promise<ModelFacts> {
  const connection = openConnection(settings.proxies)
  const session = { settings, fetch: connection.fetch, ...optional('signal', signal) }
  try {
    const hub = await hubOf(model.repo, undefined, session)
    const understood = () =>
      readRepository(model, hub).catch((error: unknown) => {
        if (signal?.aborted) throw signal.reason
        throw asHubFailure(error, hub.repo, hub.endpoint)
      })
    return await withRetry(understood, undefined, signal)
  } finally {
    await connection.close()
  }
}

async function readRepository(model: HubModel, hub: Hub): Promise<ModelFacts> {
  const names = await filesOf(model, hub)
  const models = names.filter(isGgufModel)
  if (model.file !== undefined || (!names.includes('config.json') && models.length > 0))
    return readGguf({
      shards: ggufShards(model.file ?? onlyOne(models, model.repo)).map((name) =>
        addressOf(hub, model, name),
      ),
      isLocal: false,
      fetch: hub.access.fetch,
    })
  const textOf = async (path: string) => (names.includes(path) ? textIn(model, hub, path) : undefined)
  return factsFromFiles({
    label: model.repo,
    configText: await textOf('config.json'),
    quantText: await textOf('hf_quant_config.json'),
    headers: await headersOf(model, hub, names),
  })
}

async function filesOf({ repo, revision }: HubModel, hub: Hub): Promise<string[]> {
  const names: string[] = []
  for await (const entry of listFiles({ repo, revision, recursive: false, ...hub.access }))
    names.push(entry.path)
  return names
}

async function textIn({ repo, revision }: HubModel, hub: Hub, path: string): Promise<string | undefined> {
  const blob = await downloadFile({ repo, revision, path, xet: false, ...hub.access })
  return blob?.text()
}

const headerFiles = ['model.safetensors.index.json', 'model.safetensors']

async function headersOf(model: HubModel, hub: Hub, names: readonly string[]): Promise<SafetensorsHeader[]> {
  const path = headerFiles.find((name) => names.includes(name))
  if (path === undefined) return []
  const { repo, revision } = model
  const parsed = await parseSafetensorsMetadata({ repo, revision, path, ...hub.access })
  return parsed.sharded ? Object.values(parsed.headers) : [parsed.header]
}

function addressOf(hub: Hub, { repo, revision }: HubModel, name: string): string {
  const path = name.split('/').map(encodeURIComponent).join('/')
  return `${hub.endpoint}/${repo}/resolve/${encodeURIComponent(revision)}/${path}`
}

function onlyOne(models: readonly string[], repo: string): string {
  const [first, second] = models
  if (first !== undefined && second === undefined) return first
  throw new ModelReaderError('no-model', {
    attempted: `read ${repo}`,
    found: `it has ${models.length} GGUF models: ${models.slice(0, 8).join(', ')}`,
    hint: `name one, as ${repo}/${first ?? 'FILE.gguf'}`,
  })
}
