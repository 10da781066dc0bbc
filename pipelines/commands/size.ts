import { existsSync } from 'node:fs'
import type { Attribution } from '../../images/attribution/attribution.ts'
import { attributionText, counted } from '../../images/attribution/text.ts'
import { findEngine } from '../../images/engines/engines.ts'
import { settingsFiles } from '../../images/tree/settings.ts'
import { prettyJson } from '../../lib/json.ts'
import { findImage } from '../catalogue/find-image.ts'
import { type Command, type CommandContext, readArguments, usageError } from '../command-line/command.ts'
import { type OpenImage, parsePlatform } from '../image-reader/image.ts'
import { storedListings } from '../image-reader/listings.ts'
import { openReference } from '../image-reader/open.ts'
import { storeFolder } from '../process/folders.ts'
import { sizeImage } from '../size/size.ts'
import { requireIntact } from '../store/damage.ts'
import { closeStore, openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'

export const sizeCommand: Command = {
  options: {
    'gpu-code': 'split libraries by the GPU architectures they hold code for; copies one library at a time',
    top: 'length of the lists, 30 unless told',
    platform: 'image of an index to take, linux/amd64 unless told',
    json: 'as JSON',
  },
  run,
}

const optionTypes = {
  'gpu-code': { type: 'boolean', default: false },
  top: { type: 'string', default: '30' },
  platform: { type: 'string', default: 'linux/amd64' },
  json: { type: 'boolean' },
} as const

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, optionTypes, { command: 'size', least: 1, most: 1 })
  if (!/^\d{1,6}$/.test(values.top)) throw usageError('size', `--top ${values.top} is no number`)
  const platform = parsePlatform(values.platform)
  const { environment, signal, progress } = context
  const folder = storeFolder(environment)
  const [text = ''] = positionals
  // A file of another name may be an archive with an image.
  const isRecipe = /\.ya?ml$/.test(text)
  const store = isRecipe || existsSync(folder) ? await openStore(folder) : null
  try {
    const reference = isRecipe && store ? await imageOfRecipe(text, store, environment) : text
    const image = await openReference(reference, { store, platform, environment, signal })
    try {
      // Layers whose listing is kept are not read again.
      if (store && image.isStored && image.digest)
        await requireIntact(store, [image.digest], {
          by: 'stamp',
          onBytes: (done, total) => progress.bytes('hash what changed in the store', done, total),
          signal,
        })
      const found = await sizeImage(image, {
        gpuCode: values['gpu-code'],
        top: Number(values.top),
        ...knownPaths(image),
        ...cacheOf(image.isStored ? store : null),
        onProgress: (done, total) => progress.bytes('layers', done, total),
      })
      context.stdout(values.json ? sizeJson(image, found) : sizeText(image, found))
    } finally {
      await image.close()
    }
  } finally {
    if (store) await closeStore(store)
  }
  return 0
}

async function imageOfRecipe(
  file: string,
  store: Store,
  environment: CommandContext['environment'],
): Promise<string> {
  return (await findImage(file, store, { environment, act: 'size' })).report.image
}

/** Images that ingot made say which engine they hold. */
function knownPaths({ labels }: OpenImage) {
  const [id = ''] = (labels['dev.ingot.engine'] ?? '').split('@')
  const engine = findEngine(id)
  if (engine === undefined) return {}
  const own = settingsFiles().flatMap((file) => (file.type === 'file' ? [file.path] : []))
  return { known: { engine: engine.enginePaths, own } }
}

function cacheOf(store: Store | null) {
  return store === null ? {} : { cache: storedListings(store) }
}

function sizeText({ reference, digest, platform, layers }: OpenImage, found: Attribution): string {
  const about = [platform, counted(layers.length, 'layer'), ...(digest === null ? [] : [digest])].join(', ')
  return [`${reference}: ${about}`, ...attributionText(found), ''].join('\n')
}

function sizeJson({ reference, digest, platform }: OpenImage, found: Attribution): string {
  // Plain data; interfaces without an index signature need the cast.
  return prettyJson({ reference, digest, platform, ...(found as unknown as Record<string, never>) })
}
