import { existsSync } from 'node:fs'
import type { Attribution } from '../../images/attribution/attribution.ts'
import { attributionText, counted } from '../../images/attribution/text.ts'
import { findEngine } from '../../images/engines/engines.ts'
import { labelNames } from '../../images/oci/label-names.ts'
import { certificatesPath, settingsFiles } from '../../images/tree/settings.ts'
import { prettyJson } from '../../lib/json.ts'
import { findImage } from '../catalogue/find-image.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { type OpenImage, parsePlatform } from '../image-reader/image.ts'
import { storedListings } from '../image-reader/listings.ts'
import { openReference } from '../image-reader/open.ts'
import { readRecipeName } from '../lock/recipe-texts.ts'
import type { Settings } from '../settings/settings.ts'
import { sizeImage } from '../size/size.ts'
import { requireIntact } from '../store/damage.ts'
import { closeStore, openStoreToRead } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { sizeTable } from './tables/size.ts'

export const sizeCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, sizeTable)
  const platform = parsePlatform(values.platform)
  const { settings, signal, progress } = context
  const folder = settings.storeFolder
  const [text = ''] = positionals
  // A file of another name may be an archive with an image.
  const isRecipe = /\.ya?ml$/.test(readRecipeName(text).file)
  const store = isRecipe || existsSync(folder) ? await openStoreToRead(folder) : null
  try {
    const reference = isRecipe && store ? await imageOfRecipe(text, store, settings) : text
    const image = await openReference(reference, { store, platform, settings, signal })
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
        top: values.top,
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
  settings: Pick<Settings, 'locksFolder'>,
): Promise<string> {
  return (await findImage(file, store, { settings, act: 'size' })).report.image
}

/** Images that ingot made say which engine they hold. */
function knownPaths({ labels }: OpenImage) {
  const [id = ''] = (labels[labelNames.engine] ?? '').split('@')
  const engine = findEngine(id)
  if (engine === undefined) return {}
  const own = settingsFiles().flatMap((file) => (file.type === 'file' ? [file.path] : []))
  return { known: { engine: engine.enginePaths, own: [...own, certificatesPath] } }
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
