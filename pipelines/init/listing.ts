import { basename, relative } from 'node:path'
import type { ModelOffer, OfferedFile } from '../../images/init/offer.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import type { WeightFormat } from '../../recipes/weight-names.ts'
import { openConnection } from '../network/connection.ts'
import { listFolder } from '../weights/folder-list.ts'
import { listHuggingface } from '../weights/huggingface.ts'
import { inventoryOci } from '../weights/oci.ts'
import type { SourceContext } from '../weights/source.ts'
import type { InitTarget } from './target.ts'

/** A source with the names and sizes of its files, and where each can be read. */
export interface SourceListing extends Omit<ModelOffer, 'asked' | 'choices'> {
  pinned: LockedWeights['source']
  files: (OfferedFile & { from?: string })[]
  /** The one GGUF that was named. */
  only?: string
}

/** Lists a model without reading it. `recipeFolder` is where the recipe will lie. */
export function listTarget(target: InitTarget, context: SourceContext): Promise<SourceListing> {
  switch (target.type) {
    case 'hub':
      return listHub(target, context)
    case 'folder':
      return listLocal(target, context)
    case 'oci':
      return listArtifact(target, context)
  }
}

async function listHub(
  { repo, revision, file }: Extract<InitTarget, { type: 'hub' }>,
  context: SourceContext,
): Promise<SourceListing> {
  const { fetch, close } = openConnection(context.settings.proxies)
  try {
    const source = { type: 'huggingface', repo, revision } as const
    const { pinned, listed, license, isGated } = await listHuggingface(source, { ...context, fetch })
    return {
      modelName: repo,
      source: { type: 'huggingface', repo, ...(revision !== 'main' && { revision }) },
      pinned,
      files: listed.map(({ path, sizeBytes }) => ({ path, sizeBytes })),
      isGated,
      ...(license !== '' && { license }),
      ...(file !== undefined && { only: file }),
    }
  } finally {
    await close()
  }
}

async function listLocal(
  { folder, file }: Extract<InitTarget, { type: 'folder' }>,
  { recipeFolder }: SourceContext,
): Promise<SourceListing> {
  const { files } = await listFolder(folder, {
    path: folder,
    ...(file !== undefined && { include: [`${file.replace(/-\d{5}-of-/, '-*-of-')}`] }),
  })
  return {
    modelName: servedName(file ?? basename(folder)),
    source: { type: 'folder', path: relative(recipeFolder, folder) || '.' },
    pinned: { type: 'folder', path: folder },
    files,
    isGated: false,
    ...(file !== undefined && { only: file }),
  }
}

/** Every form in which an artifact may hold a model; most hold one. */
const allFormats: readonly WeightFormat[] = ['safetensors', 'pytorch', 'mistral', 'gguf']

async function listArtifact(
  { reference }: Extract<InitTarget, { type: 'oci' }>,
  context: SourceContext,
): Promise<SourceListing> {
  const { fetch, close } = openConnection(context.settings.proxies)
  try {
    const source = { type: 'oci', reference } as const
    const locked = await inventoryOci(source, { ...context, fetch, formats: allFormats })
    const [name = ''] = reference.split('@')
    return {
      modelName: servedName(basename(name).replace(/:[^:]*$/, '')),
      source,
      pinned: locked.source,
      files: locked.files.map(({ path, sizeBytes, from }) => ({
        path,
        sizeBytes,
        ...(from !== undefined && { from }),
      })),
      isGated: false,
      ...(locked.license !== undefined && { license: locked.license }),
      ...(locked.modelfile !== undefined && { modelfile: locked.modelfile }),
    }
  } finally {
    await close()
  }
}

/** `-Q4_K_M`, `.Q4_1`: how a model is packed is no part of its name. */
const quantizationAtEnd = /[-_.](I?Q\d|TQ\d|MXFP4|BF16|F16|F32)[A-Z0-9_]*$/i

/** What a recipe takes as a model's name. */
function servedName(text: string): string {
  const name = text
    .replace(/\.gguf$/i, '')
    .replace(/-\d{5}-of-\d{5}$/, '')
    .replace(quantizationAtEnd, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
  return name === '' ? 'model' : name.slice(0, 200)
}
